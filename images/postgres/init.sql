-- Runs once, as superuser, on a new cluster; psql variables: database, owner.
\set ON_ERROR_STOP 1

SET password_encryption = 'scram-sha-256';

-- Runs the migrations and makes the login roles. No superuser: it cannot read files, nor take what others own.
CREATE ROLE :"owner" LOGIN CREATEROLE NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS;

-- Without a password until the migrations give them one.
CREATE ROLE pgbouncer_auth NOLOGIN NOINHERIT;
CREATE ROLE postgres_exporter NOLOGIN;
-- The owner may change them, not act as them.
GRANT pgbouncer_auth, postgres_exporter TO :"owner" WITH ADMIN OPTION, INHERIT FALSE, SET FALSE;
GRANT pg_monitor TO postgres_exporter;

CREATE DATABASE :"database" OWNER :"owner" ENCODING 'UTF8' TEMPLATE template0;
-- PUBLIC may connect and make temporary tables by default.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO pgbouncer_auth, postgres_exporter;

\connect :"database"

REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- So that the migrations leave a password alone that is right already: setting it again makes a new salt, and the
-- pooler's keys for that login are void until its next client. The owner may set all of these passwords anyway.
GRANT SELECT ON pg_catalog.pg_authid TO :"owner";

CREATE SCHEMA pgbouncer;
GRANT USAGE ON SCHEMA pgbouncer TO pgbouncer_auth;

-- What the pooler may know: verifiers of plain application logins, as long as they are valid. Whoever can do more than
-- use tables (superusers, replication, makers of roles or databases) cannot log in through the pooler at all.
CREATE FUNCTION pgbouncer.user_lookup(wanted text) RETURNS TABLE (uname text, phash text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  SELECT rolname::text, rolpassword
  FROM pg_catalog.pg_authid
  WHERE rolname = wanted
    AND rolcanlogin
    AND NOT rolsuper AND NOT rolreplication AND NOT rolbypassrls AND NOT rolcreaterole AND NOT rolcreatedb
    AND (rolvaliduntil IS NULL OR rolvaliduntil > now());
END;
REVOKE ALL ON FUNCTION pgbouncer.user_lookup(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pgbouncer.user_lookup(text) TO pgbouncer_auth;
