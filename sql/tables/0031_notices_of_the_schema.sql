-- A subscription that ends by the clock queues a notice here, in SQL (queue_notice in sql/functions/mail.sql): the sender that takes it
-- first gives it its Message-ID, for the domain of that is configured.
alter table public.mail_outbox alter column message_id drop not null;
