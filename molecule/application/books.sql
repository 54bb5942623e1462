CREATE DATABASE books;
\c books
-- The first rows take ten seconds to restore, which is time to break a connection.
CREATE FUNCTION slow(id integer) RETURNS boolean LANGUAGE plpgsql AS $f$
  BEGIN
    IF id <= 100 AND current_setting('application_name') LIKE 'holdfast%' THEN PERFORM pg_sleep(0.1); END IF;
    RETURN true;
  END $f$;
CREATE TABLE books (id integer PRIMARY KEY, title text NOT NULL, CHECK (slow(id)));
INSERT INTO books SELECT n, 'book ' || n FROM generate_series(1, 1000) AS n;
