import type postgres from 'postgres'

/**
 * Seals every row of the queue into checkpoints of 5,000, chained and signed as in src/audit/checkpoints.ts, so that
 * `audit verify` accepts them. Millions of rows would keep the service's own job busy for minutes.
 */
export async function sealAll(
  sql: postgres.Sql,
  { auditKey, keyId }: { auditKey: string; keyId: string },
): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`
    await tx`
      create temp table sealing on commit drop as
      select q.audit_id, l.mac, (row_number() over (order by q.audit_id) - 1) / 5000 as part
        from audit_queue q join audit_logs l on l.id = q.audit_id`
    await tx`create index on sealing (part, audit_id)`
    await tx`select set_config('bench.key', ${auditKey}, true), set_config('bench.key_id', ${keyId}, true)`
    await tx.unsafe(`
      do $$
      declare
        part record; previous bytea; number bigint; sealed_at timestamptz; signed bytea;
        now_ms timestamptz := date_trunc('milliseconds', clock_timestamp());
      begin
        select id, mac into number, previous from audit_checkpoints order by id desc limit 1;
        number := coalesce(number, 0);
        for part in
          select s.part, array_agg(audit_id order by audit_id) as ids, sha256(string_agg(mac, '' order by audit_id)) as digest
            from sealing s group by s.part order by s.part
        loop
          number := number + 1;
          sealed_at := now_ms;
          signed := bench.hmac(convert_to('[' || number || ',"' || to_char(sealed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '",'
            || cardinality(part.ids) || ',["' || array_to_string(part.ids, '","') || '"],"' || encode(part.digest, 'hex') || '",'
            || coalesce('"' || encode(previous, 'hex') || '"', 'null') || ',"' || current_setting('bench.key_id') || '"]', 'UTF8'),
            convert_to(current_setting('bench.key'), 'UTF8'), 'sha256');
          insert into audit_checkpoints (id, sealed_at, row_count, audit_ids, digest, previous_mac, key_id, mac)
          values (number, sealed_at, cardinality(part.ids), part.ids, part.digest, previous, current_setting('bench.key_id'), signed);
          previous := signed;
        end loop;
      end $$`)
    await tx`delete from audit_queue`
  })
}
