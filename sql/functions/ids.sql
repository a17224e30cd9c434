-- A UUID of version 7 (RFC 9562 5.7): newer ones sort after older ones.
create or replace function public.uuid_v7(p_at timestamptz default clock_timestamp()) returns uuid language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing
           substring(int8send((extract(epoch from p_at) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;
