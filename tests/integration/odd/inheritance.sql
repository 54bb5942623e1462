-- Tables that inherit from each other, with columns of their own, defaults of their own, and in another order.
CREATE TABLE g (a integer, b text NOT NULL DEFAULT 'g', CHECK (a > 0));
CREATE TABLE f (c integer, b text) INHERITS (g);
CREATE TABLE f2 (d integer) INHERITS (g);
CREATE TABLE m (e integer) INHERITS (f, f2);
INSERT INTO m VALUES (1, 'x', 2, 3, 4);
INSERT INTO g VALUES (1), (2);
ALTER TABLE g ADD z integer DEFAULT 8;
ALTER TABLE f ALTER z SET DEFAULT 9;
CREATE TABLE late (b text NOT NULL, a integer, z integer, extra integer, CONSTRAINT g_a_check CHECK (a > 0));
ALTER TABLE late INHERIT g;
INSERT INTO late VALUES ('late', 1, 2, 3);
CREATE TABLE free () INHERITS (g);
ALTER TABLE free NO INHERIT g;
ALTER TABLE g ADD CONSTRAINT only_g CHECK (a < 1000000) NO INHERIT;
CREATE TABLE generated (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE generated_too (c integer) INHERITS (generated);
INSERT INTO generated_too (a, c) VALUES (1, 2);
CREATE TABLE unlike (b integer, a integer) INHERITS (generated);
