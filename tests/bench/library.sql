-- A database of more than 1 GB: text that compresses about as well as prose, numbers, times, and the indexes of both.
CREATE TABLE books AS
SELECT id,
       md5(id::text) AS isbn,
       (SELECT string_agg(substr(md5((id * 31 + word)::text), 1, word % 7 + 3), ' ') FROM generate_series(1, 25) word) AS blurb,
       now() - id % 900 * interval '1 day' AS published
FROM generate_series(1, :books) id;
ALTER TABLE books ADD PRIMARY KEY (id);
CREATE INDEX ON books (published);

CREATE TABLE loans AS
SELECT id,
       hashint8(id) & 1048575 AS reader,
       1 + (hashint8(id + 7) & 2147483647) % :books AS book,
       ((hashint8(id + 13) & 32767) / 100.0)::numeric(8, 2) AS fee,
       timestamptz '2025-01-01' + id * interval '7 seconds' AS lent
FROM generate_series(1, :loans) id;
ALTER TABLE loans ADD PRIMARY KEY (id);
CREATE INDEX ON loans (reader);
