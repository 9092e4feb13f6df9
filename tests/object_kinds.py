"""An object of each kind, with names that need quoting, and what can be done with them."""

# Names that need quoting, and each kind of object.
EVERY_KIND = (
    'CREATE SCHEMA "Weird "" name"',
    'CREATE TABLE "Weird "" name"."Table ""1""" (id int, "a col" text)',
    'CREATE TABLE "Weird "" name".parts (id int) PARTITION BY RANGE (id)',
    'CREATE TABLE "Weird "" name".part_1 PARTITION OF "Weird "" name".parts'
    " FOR VALUES FROM (0) TO (9)",
    'CREATE VIEW "Weird "" name".view AS SELECT 1 AS one',
    'CREATE MATERIALIZED VIEW "Weird "" name".matview AS SELECT 1 AS one',
    'CREATE SEQUENCE "Weird "" name"."Seq"',
    'CREATE FUNCTION "Weird "" name"."F n"(a int, "b c" text DEFAULT \'x\') RETURNS int'
    " LANGUAGE sql AS 'SELECT 1'",
    'CREATE PROCEDURE "Weird "" name".proc(INOUT a int) LANGUAGE plpgsql AS \'BEGIN END\'',
    'CREATE AGGREGATE "Weird "" name".agg(int) (sfunc = int4pl, stype = int)',
    'CREATE TYPE "Weird "" name".mood AS ENUM (\'well\')',
    'CREATE TYPE "Weird "" name".pair AS (a int, b int)',
    'CREATE TYPE "Weird "" name".span AS RANGE (subtype = int)',
    'CREATE DOMAIN "Weird "" name".positive AS int CHECK (VALUE > 0)',
)
READS = (
    'SELECT * FROM "Weird "" name"."Table ""1"""',
    'SELECT * FROM "Weird "" name".parts',
    'SELECT * FROM "Weird "" name".part_1',
    'SELECT * FROM "Weird "" name".view',
    'SELECT * FROM "Weird "" name".matview',
    'SELECT last_value FROM "Weird "" name"."Seq"',
    'SELECT "Weird "" name"."F n"(1)',
    'CALL "Weird "" name".proc(1)',
    'SELECT "Weird "" name".agg(1)',
)
WRITES = (
    'INSERT INTO "Weird "" name"."Table ""1""" VALUES (1)',
    'INSERT INTO "Weird "" name".parts VALUES (1)',
    'TRUNCATE "Weird "" name".parts',
    'SELECT nextval(\'"Weird "" name"."Seq"\')',
)
