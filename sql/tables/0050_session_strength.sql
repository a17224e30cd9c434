-- PostgreSQL parses and evaluates every check of a table in each statement that writes a row of it: these three cost each refresh of a
-- session, which writes other columns, a seventh of its time. A trigger of the columns (sql/functions/sessions.sql) holds the same rule
-- where they are written.
alter table public.sessions
  drop constraint sessions_amr_check,
  drop constraint sessions_acr_check,
  drop constraint sessions_aal2_by_a_second_factor;
