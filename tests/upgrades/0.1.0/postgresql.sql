--
-- PostgreSQL database dump
--


-- Dumped from database version 18.4
-- Dumped by pg_dump version 18.4

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: dbos; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA dbos;


--
-- Name: enqueue_workflow(text, text, json[], json, text, text, text, text, bigint, bigint, text, integer, text, text, text, bigint, text); Type: FUNCTION; Schema: dbos; Owner: -
--

CREATE FUNCTION dbos.enqueue_workflow(workflow_name text, queue_name text, positional_args json[] DEFAULT ARRAY[]::json[], named_args json DEFAULT '{}'::json, class_name text DEFAULT NULL::text, config_name text DEFAULT NULL::text, workflow_id text DEFAULT NULL::text, app_version text DEFAULT NULL::text, timeout_ms bigint DEFAULT NULL::bigint, deadline_epoch_ms bigint DEFAULT NULL::bigint, deduplication_id text DEFAULT NULL::text, priority integer DEFAULT NULL::integer, queue_partition_key text DEFAULT NULL::text, authenticated_user text DEFAULT NULL::text, authenticated_roles text DEFAULT NULL::text, delay_until_epoch_ms bigint DEFAULT NULL::bigint, application_name text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_workflow_id TEXT;
    v_serialized_inputs TEXT;
    v_owner_xid TEXT;
    v_now BIGINT;
    v_recovery_attempts INT4 := 0;
    v_priority INT4;
    v_status TEXT;
BEGIN

    -- Validate required parameters
    IF workflow_name IS NULL OR workflow_name = '' THEN
        RAISE EXCEPTION 'Workflow name cannot be null or empty';
    END IF;
    IF queue_name IS NULL OR queue_name = '' THEN
        RAISE EXCEPTION 'Queue name cannot be null or empty';
    END IF;
    IF named_args IS NOT NULL AND jsonb_typeof(named_args::jsonb) != 'object' THEN
        RAISE EXCEPTION 'Named args must be a JSON object';
    END IF;
    IF workflow_id IS NOT NULL AND workflow_id = '' THEN
        RAISE EXCEPTION 'Workflow ID cannot be an empty string if provided.';
    END IF;
    IF delay_until_epoch_ms IS NOT NULL AND delay_until_epoch_ms < 0 THEN
        RAISE EXCEPTION 'delay_until_epoch_ms must be >= 0';
    END IF;

    v_workflow_id := COALESCE(workflow_id, gen_random_uuid()::TEXT);
    v_owner_xid := gen_random_uuid()::TEXT;
    v_priority := COALESCE(priority, 0);
    v_serialized_inputs := json_build_object(
        'positionalArgs', positional_args,
        'namedArgs', named_args
    )::TEXT;
    v_now := EXTRACT(epoch FROM now()) * 1000;
    v_status := CASE WHEN delay_until_epoch_ms IS NULL THEN 'ENQUEUED' ELSE 'DELAYED' END;

    INSERT INTO "dbos".workflow_status (
        workflow_uuid, status,
        name, class_name, config_name,
        queue_name, deduplication_id, priority, queue_partition_key,
        application_version,
        created_at, updated_at, recovery_attempts,
        workflow_timeout_ms, workflow_deadline_epoch_ms,
        parent_workflow_id, owner_xid, serialization,
        authenticated_user, authenticated_roles,
        delay_until_epoch_ms, application_name
    ) VALUES (
        v_workflow_id, v_status,
        workflow_name, class_name, config_name,
        queue_name, deduplication_id, v_priority, queue_partition_key,
        app_version,
        v_now, v_now, v_recovery_attempts,
        timeout_ms, deadline_epoch_ms,
        NULL, v_owner_xid, 'portable_json',
        authenticated_user, authenticated_roles,
        delay_until_epoch_ms, application_name
    )
    ON CONFLICT (workflow_uuid)
    DO UPDATE SET
        updated_at = EXCLUDED.updated_at;

    INSERT INTO "dbos".workflow_input (
        workflow_uuid, inputs, retention_timestamp
    ) VALUES (
        v_workflow_id, v_serialized_inputs, v_now
    )
    ON CONFLICT (workflow_uuid) DO NOTHING;

    RETURN v_workflow_id;

EXCEPTION
    WHEN unique_violation THEN
        RAISE EXCEPTION 'DBOS queue duplicated'
            USING DETAIL = format('Workflow %s with queue %s and deduplication ID %s already exists', v_workflow_id, queue_name, deduplication_id),
                ERRCODE = 'unique_violation';
END;
$$;


--
-- Name: notifications_function(); Type: FUNCTION; Schema: dbos; Owner: -
--

CREATE FUNCTION dbos.notifications_function() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    payload text := NEW.destination_uuid || '::' || NEW.topic;
BEGIN
    PERFORM pg_notify('dbos_notifications_channel', payload);
    RETURN NEW;
END;
$$;


--
-- Name: send_message(text, json, text, text); Type: FUNCTION; Schema: dbos; Owner: -
--

CREATE FUNCTION dbos.send_message(destination_id text, message json, topic text DEFAULT NULL::text, message_id text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_topic TEXT := COALESCE(topic, '__null__topic__');
    v_message_id TEXT := COALESCE(message_id, gen_random_uuid()::TEXT);
BEGIN
    INSERT INTO "dbos".notifications (
        destination_uuid, topic, message, message_uuid, serialization
    ) VALUES (
        destination_id, v_topic, message, v_message_id, 'portable_json'
    )
    ON CONFLICT (message_uuid) DO NOTHING;
EXCEPTION
    WHEN foreign_key_violation THEN
        RAISE EXCEPTION 'DBOS non-existent workflow'
            USING DETAIL = format('Destination workflow %s does not exist', destination_id),
                ERRCODE = 'foreign_key_violation';
END;
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: application_versions; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.application_versions (
    version_id text NOT NULL,
    version_name text NOT NULL,
    version_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_name text
);


--
-- Name: dbos_migrations; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.dbos_migrations (
    version bigint NOT NULL
);


--
-- Name: event_dispatch_kv; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.event_dispatch_kv (
    service_name text NOT NULL,
    workflow_fn_name text NOT NULL,
    key text NOT NULL,
    value text,
    update_seq numeric(38,0),
    update_time numeric(38,15)
);


--
-- Name: notifications; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.notifications (
    message_uuid text DEFAULT gen_random_uuid() NOT NULL,
    destination_uuid text NOT NULL,
    topic text,
    message text NOT NULL,
    created_at_epoch_ms bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    serialization text,
    consumed boolean DEFAULT false NOT NULL,
    consumed_by_function_id integer
);


--
-- Name: operation_outputs; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.operation_outputs (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    function_name text DEFAULT ''::text NOT NULL,
    output text,
    error text,
    child_workflow_id text,
    started_at_epoch_ms bigint,
    completed_at_epoch_ms bigint,
    serialization text,
    application_name text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);


--
-- Name: queues; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.queues (
    queue_id text DEFAULT (gen_random_uuid())::text NOT NULL,
    name text NOT NULL,
    concurrency integer,
    worker_concurrency integer,
    rate_limit_max integer,
    rate_limit_period_sec double precision,
    priority_enabled boolean DEFAULT false NOT NULL,
    partition_queue boolean DEFAULT false NOT NULL,
    polling_interval_sec double precision DEFAULT 1.0 NOT NULL,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_name text,
    partition_concurrency integer,
    partition_worker_concurrency integer,
    partition_rate_limit_max integer,
    partition_rate_limit_period_sec double precision
);


--
-- Name: streams; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.streams (
    workflow_uuid text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    "offset" integer NOT NULL,
    function_id integer DEFAULT 0 NOT NULL,
    serialization text
);


--
-- Name: workflow_events; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_events (
    workflow_uuid text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    serialization text
);


--
-- Name: workflow_events_history; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_events_history (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    serialization text
);


--
-- Name: workflow_input; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_input (
    workflow_uuid text NOT NULL,
    inputs text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);


--
-- Name: workflow_output; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_output (
    workflow_uuid text NOT NULL,
    output text,
    error text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);


--
-- Name: workflow_schedules; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_schedules (
    schedule_id text NOT NULL,
    schedule_name text NOT NULL,
    workflow_name text NOT NULL,
    workflow_class_name text,
    schedule text NOT NULL,
    status text DEFAULT 'ACTIVE'::text NOT NULL,
    context text NOT NULL,
    last_fired_at text,
    automatic_backfill boolean DEFAULT false NOT NULL,
    cron_timezone text,
    queue_name text,
    application_name text
);


--
-- Name: workflow_status; Type: TABLE; Schema: dbos; Owner: -
--

CREATE TABLE dbos.workflow_status (
    workflow_uuid text NOT NULL,
    status text,
    name text,
    authenticated_user text,
    assumed_role text,
    authenticated_roles text,
    request text,
    output text,
    error text,
    executor_id text,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_version text,
    application_id text,
    class_name character varying(255) DEFAULT NULL::character varying,
    config_name character varying(255) DEFAULT NULL::character varying,
    recovery_attempts bigint DEFAULT 0,
    queue_name text,
    workflow_timeout_ms bigint,
    workflow_deadline_epoch_ms bigint,
    inputs text,
    started_at_epoch_ms bigint,
    deduplication_id text,
    priority integer DEFAULT 0 NOT NULL,
    queue_partition_key text,
    forked_from text,
    owner_xid text,
    parent_workflow_id text,
    serialization text,
    delay_until_epoch_ms bigint,
    was_forked_from boolean DEFAULT false NOT NULL,
    rate_limited boolean DEFAULT false NOT NULL,
    completed_at bigint,
    attributes jsonb,
    schedule_name text,
    debounce_deadline_epoch_ms bigint,
    is_debounced boolean DEFAULT false NOT NULL,
    application_name text,
    creator_xid text
);


--
-- Name: schedule; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.schedule (
    name text NOT NULL,
    last_tick bigint NOT NULL
);


--
-- Name: task; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.task (
    id text NOT NULL,
    spec text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    created_by text,
    created_at bigint NOT NULL,
    ended_at bigint,
    heartbeat_at bigint,
    lease_owner text,
    cancel_requested boolean NOT NULL,
    attempt integer NOT NULL,
    run integer NOT NULL,
    wake_at bigint,
    wait_for text,
    deadline_at bigint,
    last_event bigint NOT NULL,
    last_mark text NOT NULL,
    state text NOT NULL,
    secrets_sealed text,
    idempotency_key text
);


--
-- Name: task_event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.task_event (
    task_id text NOT NULL,
    id bigint NOT NULL,
    attempt integer NOT NULL,
    type text NOT NULL,
    step_id text,
    step_status text,
    body text NOT NULL,
    created_at bigint NOT NULL
);


--
-- Name: task_schema; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.task_schema (
    version integer NOT NULL
);


--
-- Name: task_seat; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.task_seat (
    name text NOT NULL,
    seat integer NOT NULL,
    task_id text NOT NULL
);


--
-- Name: webhook_delivery; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.webhook_delivery (
    id text NOT NULL,
    received_at bigint NOT NULL
);


--
-- Data for Name: application_versions; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.application_versions VALUES ('6b56d28e-e33f-415a-8449-66ad7fb254ce', '1', 1795957880163, 1795957880163, 'scenedock');


--
-- Data for Name: dbos_migrations; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.dbos_migrations VALUES (125);


--
-- Data for Name: event_dispatch_kv; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: notifications; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: operation_outputs; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: queues; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.queues VALUES ('78a34460-2e15-41f9-aa49-82f9d4d9b855', 'tasks', NULL, 2, NULL, NULL, true, false, 0.05, 1795957880228, 1795957880227, 'scenedock', NULL, NULL, NULL, NULL);


--
-- Data for Name: streams; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: workflow_events; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: workflow_events_history; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: workflow_input; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.workflow_input VALUES ('f9a8db22-719d-4391-ab19-5208b9950980.1', '{"args": ["f9a8db22-719d-4391-ab19-5208b9950980", 1], "kwargs": {}}', 1795957879133);
INSERT INTO dbos.workflow_input VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840.1', '{"args": ["bcb7039e-0b67-4fc4-9c34-d32bc5a98840", 1], "kwargs": {}}', 1795957879164);
INSERT INTO dbos.workflow_input VALUES ('b03d60bb-1598-4840-9a0e-342bf40b8114.1', '{"args": ["b03d60bb-1598-4840-9a0e-342bf40b8114", 1], "kwargs": {}}', 1795957879190);
INSERT INTO dbos.workflow_input VALUES ('3df1fa2e-e749-4f29-8124-90389a1f9ddd', '{"args": ["b03d60bb-1598-4840-9a0e-342bf40b8114", 2], "kwargs": {}}', 1795957881833);
INSERT INTO dbos.workflow_input VALUES ('c259342b-a52f-4f8c-818f-b563e6421423.1', '{"args": ["c259342b-a52f-4f8c-818f-b563e6421423", 1], "kwargs": {}}', 1795957882012);
INSERT INTO dbos.workflow_input VALUES ('745defa1-225c-4403-bf9c-fd5ad7a11d35', '{"args": ["c259342b-a52f-4f8c-818f-b563e6421423", 2], "kwargs": {}}', 1795957882385);
INSERT INTO dbos.workflow_input VALUES ('7591e310-2a0e-41e4-a346-ee8ee1c9ab54.1', '{"args": ["7591e310-2a0e-41e4-a346-ee8ee1c9ab54", 1], "kwargs": {}}', 1795957890130);
INSERT INTO dbos.workflow_input VALUES ('2be0f046-3bc3-4bc0-be3c-6e58d8f6a82b.1', '{"args": ["2be0f046-3bc3-4bc0-be3c-6e58d8f6a82b", 1], "kwargs": {}}', 1795957890451);
INSERT INTO dbos.workflow_input VALUES ('c829442b-4abb-4fad-923f-7685f9e52e2f.1', '{"args": ["c829442b-4abb-4fad-923f-7685f9e52e2f", 1], "kwargs": {}}', 1795957890589);
INSERT INTO dbos.workflow_input VALUES ('d5bf9c5a-28ad-4d91-a82a-40d5ac3dd533', '{"args": ["2be0f046-3bc3-4bc0-be3c-6e58d8f6a82b", 2], "kwargs": {}}', 1795957890626);
INSERT INTO dbos.workflow_input VALUES ('80b93d3f-78bd-42ab-847c-dafa96b07251.1', '{"args": ["80b93d3f-78bd-42ab-847c-dafa96b07251", 1], "kwargs": {}}', 1795957890812);
INSERT INTO dbos.workflow_input VALUES ('72b1eae1-2aa5-40fd-b7b2-041e903705f4.1', '{"args": ["72b1eae1-2aa5-40fd-b7b2-041e903705f4", 1], "kwargs": {}}', 1795957891031);


--
-- Data for Name: workflow_output; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.workflow_output VALUES ('f9a8db22-719d-4391-ab19-5208b9950980.1', 'null', NULL, 1795957881425);
INSERT INTO dbos.workflow_output VALUES ('b03d60bb-1598-4840-9a0e-342bf40b8114.1', 'null', NULL, 1795957881765);
INSERT INTO dbos.workflow_output VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840.1', 'null', NULL, 1795957881814);
INSERT INTO dbos.workflow_output VALUES ('3df1fa2e-e749-4f29-8124-90389a1f9ddd', 'null', NULL, 1795957881910);
INSERT INTO dbos.workflow_output VALUES ('c259342b-a52f-4f8c-818f-b563e6421423.1', 'null', NULL, 1795957882179);
INSERT INTO dbos.workflow_output VALUES ('745defa1-225c-4403-bf9c-fd5ad7a11d35', 'null', NULL, 1795957882581);
INSERT INTO dbos.workflow_output VALUES ('2be0f046-3bc3-4bc0-be3c-6e58d8f6a82b.1', 'null', NULL, 1795957890564);
INSERT INTO dbos.workflow_output VALUES ('d5bf9c5a-28ad-4d91-a82a-40d5ac3dd533', 'null', NULL, 1795957890676);
INSERT INTO dbos.workflow_output VALUES ('c829442b-4abb-4fad-923f-7685f9e52e2f.1', 'null', NULL, 1795957890759);


--
-- Data for Name: workflow_schedules; Type: TABLE DATA; Schema: dbos; Owner: -
--



--
-- Data for Name: workflow_status; Type: TABLE DATA; Schema: dbos; Owner: -
--

INSERT INTO dbos.workflow_status VALUES ('f9a8db22-719d-4391-ab19-5208b9950980.1', 'SUCCESS', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957879133, 1795957881425, '1', NULL, NULL, NULL, 1, 'tasks', NULL, NULL, NULL, 1795957881294, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, 1795957881425, 'null', NULL, NULL, false, 'scenedock', '06978499-d176-4910-a033-73efb51c2790');
INSERT INTO dbos.workflow_status VALUES ('b03d60bb-1598-4840-9a0e-342bf40b8114.1', 'SUCCESS', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957879190, 1795957881765, '1', NULL, NULL, NULL, 1, 'tasks', NULL, NULL, NULL, 1795957881495, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, 1795957881765, 'null', NULL, NULL, false, 'scenedock', '23d10484-b74f-45eb-822e-a70ac41a9fe4');
INSERT INTO dbos.workflow_status VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840.1', 'SUCCESS', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957879164, 1795957881814, '1', NULL, NULL, NULL, 1, 'tasks', NULL, NULL, NULL, 1795957881294, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, 1795957881814, 'null', NULL, NULL, false, 'scenedock', '3b290442-5a69-41d4-a938-08768b0db157');
INSERT INTO dbos.workflow_status VALUES ('3df1fa2e-e749-4f29-8124-90389a1f9ddd', 'SUCCESS', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957881833, 1795957881910, '1', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, 1795957881910, 'null', NULL, NULL, false, 'scenedock', '8f9ff366-6140-4f02-ae69-07b1217771dd');
INSERT INTO dbos.workflow_status VALUES ('c259342b-a52f-4f8c-818f-b563e6421423.1', 'SUCCESS', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957882012, 1795957882179, '1', NULL, NULL, NULL, 1, 'tasks', NULL, NULL, NULL, 1795957882054, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, 1795957882179, 'null', NULL, NULL, false, 'scenedock', 'c39b12ca-41d3-4142-883e-48bef286d78b');
INSERT INTO dbos.workflow_status VALUES ('745defa1-225c-4403-bf9c-fd5ad7a11d35', 'SUCCESS', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957882385, 1795957882581, '1', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, 1795957882581, 'null', NULL, NULL, false, 'scenedock', '80b4a2dd-7817-4ddc-925c-7f70a7f64ce4');
INSERT INTO dbos.workflow_status VALUES ('7591e310-2a0e-41e4-a346-ee8ee1c9ab54.1', 'PENDING', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957890130, 1795957890142, '1', NULL, NULL, NULL, 1, 'tasks', NULL, NULL, NULL, 1795957890142, NULL, 0, NULL, NULL, 'cd20b4b3-7231-433a-9155-8d7a1647bb56', NULL, 'scenedock-json', NULL, false, false, NULL, 'null', NULL, NULL, false, 'scenedock', 'be3a9762-19c8-4e8b-bb3e-abe9ea4fc694');
INSERT INTO dbos.workflow_status VALUES ('2be0f046-3bc3-4bc0-be3c-6e58d8f6a82b.1', 'SUCCESS', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957890451, 1795957890564, '1', NULL, NULL, NULL, 1, 'tasks', NULL, NULL, NULL, 1795957890501, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, 1795957890564, 'null', NULL, NULL, false, 'scenedock', '62430063-389f-4cde-b174-9b1716f85fbb');
INSERT INTO dbos.workflow_status VALUES ('d5bf9c5a-28ad-4d91-a82a-40d5ac3dd533', 'SUCCESS', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957890626, 1795957890676, '1', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, 1795957890676, 'null', NULL, NULL, false, 'scenedock', '7f1ca9fb-b303-4b64-8339-798060ca5692');
INSERT INTO dbos.workflow_status VALUES ('c829442b-4abb-4fad-923f-7685f9e52e2f.1', 'SUCCESS', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957890589, 1795957890759, '1', NULL, NULL, NULL, 1, 'tasks', NULL, NULL, NULL, 1795957890663, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, 1795957890759, 'null', NULL, NULL, false, 'scenedock', '4e8af679-375b-4554-ac86-bcb42d10e486');
INSERT INTO dbos.workflow_status VALUES ('80b93d3f-78bd-42ab-847c-dafa96b07251.1', 'PENDING', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, 'host-17969-4871cb95', 1795957890812, 1795957890865, '1', NULL, NULL, NULL, 1, 'tasks', NULL, NULL, NULL, 1795957890865, NULL, 0, NULL, NULL, 'a7489b13-de42-4eaa-b784-792b805246ee', NULL, 'scenedock-json', NULL, false, false, NULL, 'null', NULL, NULL, false, 'scenedock', 'c8abfc20-61f1-4548-9df6-3fced494f51d');
INSERT INTO dbos.workflow_status VALUES ('72b1eae1-2aa5-40fd-b7b2-041e903705f4.1', 'ENQUEUED', 'run_task', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1795957891031, 1795957891031, '1', NULL, NULL, NULL, 0, 'tasks', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'scenedock-json', NULL, false, false, NULL, 'null', NULL, NULL, false, NULL, '6fc0db5a-ae27-4360-b20d-ed8886896a5d');


--
-- Data for Name: schedule; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.schedule VALUES ('retention', 1795957880238);


--
-- Data for Name: task; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.task VALUES ('f9a8db22-719d-4391-ab19-5208b9950980', '{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{"folder":"${{ steps.bake-skeleton.output.folder }}"},"steps":[{"id":"bake-skeleton","name":"scenedock:bake-skeleton","action":"scenedock:bake-skeleton","input":{"skeleton":"library-chart","answers":{"name":"shared","owner":"group:default/platform"}}}],"user":{}}', 'completed', '', 'token:runner', 1795957879128, 1795957881403, 1795957881406, NULL, false, 1, 1, NULL, NULL, NULL, 4, '1.1', '{"steps":{"bake-skeleton":{"status":"completed","output":{"name":"shared","files":[".helmignore",".scenedock/skeleton.yaml","Chart.yaml","README.md","catalog-info.yaml","templates/_availability.tpl","templates/_container.tpl","templates/_deployment.tpl","templates/_manifests.tpl","templates/_names.tpl","templates/_network.tpl","templates/_serviceaccount.tpl","values.schema.json","values.yaml"],"folder":"8c0d48bc0eb7803594a6f4b79ad22c58","url":null}}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false,"recoveries":0,"output":{"folder":"8c0d48bc0eb7803594a6f4b79ad22c58"}}', NULL, 'e07bd03fcdf2bb5ca49fd7306c35862decaa5fae6f549e2de86653343e098add');
INSERT INTO public.task VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840', '{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"bake-skeleton","name":"scenedock:bake-skeleton","action":"scenedock:bake-skeleton","input":{"skeleton":"library-chart","answers":{"name":"shared","owner":"group:default/platform"}}},{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/2"}}],"user":{}}', 'failed', '', 'token:runner', 1795957879156, 1795957881793, 1795957881801, NULL, false, 1, 1, NULL, NULL, NULL, 7, '1.2', '{"steps":{"bake-skeleton":{"status":"completed","output":{"name":"shared","files":[".helmignore",".scenedock/skeleton.yaml","Chart.yaml","README.md","catalog-info.yaml","templates/_availability.tpl","templates/_container.tpl","templates/_deployment.tpl","templates/_manifests.tpl","templates/_names.tpl","templates/_network.tpl","templates/_serviceaccount.tpl","values.schema.json","values.yaml"],"folder":"8c0d48bc0eb7803594a6f4b79ad22c58","url":null}},"await-pull-request":{"status":"failed"}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false,"recoveries":0,"output":{}}', NULL, NULL);
INSERT INTO public.task VALUES ('b03d60bb-1598-4840-9a0e-342bf40b8114', '{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/1"}}],"user":{}}', 'cancelled', '', 'token:runner', 1795957879188, 1795957881987, 1795957881899, NULL, true, 1, 2, NULL, NULL, NULL, 5, '2.1', '{"steps":{"await-pull-request":{"status":"cancelled"}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false,"recoveries":0,"output":{}}', NULL, NULL);
INSERT INTO public.task VALUES ('c829442b-4abb-4fad-923f-7685f9e52e2f', '{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/3"}}],"user":{}}', 'processing', 'until the next try', 'token:runner', 1795957890588, NULL, 1795957890748, NULL, false, 1, 1, 1795957895723, NULL, NULL, 3, '1.1', '{"steps":{"await-pull-request":{"status":"processing","since":1795957890704,"tries":1,"until":1795961490704}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}', NULL, NULL);
INSERT INTO public.task VALUES ('c259342b-a52f-4f8c-818f-b563e6421423', '{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/1"}}],"user":{}}', 'processing', 'for pull-request:github.com/acme/apps#1', 'token:runner', 1795957882007, NULL, 1795957882575, NULL, false, 1, 2, 1795958182559, 'baa2c166aed2011be2f723612d5c3cce3806e10ca0e84d0c92b8d3eed127a521', NULL, 2, '2.1', '{"steps":{"await-pull-request":{"status":"processing","since":1795957882090,"tries":0,"until":null}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}', NULL, NULL);
INSERT INTO public.task VALUES ('7591e310-2a0e-41e4-a346-ee8ee1c9ab54', '{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"bake-skeleton","name":"scenedock:bake-skeleton","action":"scenedock:bake-skeleton","input":{"skeleton":"library-chart","answers":{"name":"shared","owner":"group:default/platform"}}},{"id":"commit-change","name":"scenedock:commit-change","action":"scenedock:commit-change","input":{"repoUrl":"https://github.com/acme/apps","branch":"main","commitMessage":"Change","folder":"${{ steps.bake-skeleton.output.folder }}","targetPath":"shared"}}],"user":{}}', 'processing', '', 'token:runner', 1795957890129, NULL, 1795957890577, 'host-17969-4871cb95', false, 1, 1, NULL, NULL, 1795961490197, 4, '1.1', '{"steps":{"bake-skeleton":{"status":"completed","output":{"name":"shared","files":[".helmignore",".scenedock/skeleton.yaml","Chart.yaml","README.md","catalog-info.yaml","templates/_availability.tpl","templates/_container.tpl","templates/_deployment.tpl","templates/_manifests.tpl","templates/_names.tpl","templates/_network.tpl","templates/_serviceaccount.tpl","values.schema.json","values.yaml"],"folder":"8c0d48bc0eb7803594a6f4b79ad22c58","url":null}},"commit-change":{"status":"processing","since":1795957890197}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false,"recoveries":0}', NULL, NULL);
INSERT INTO public.task VALUES ('2be0f046-3bc3-4bc0-be3c-6e58d8f6a82b', '{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"commit-change","name":"scenedock:commit-change","action":"scenedock:commit-change","input":{"repoUrl":"https://github.com/acme/apps","branch":"main","commitMessage":"Change","files":[{"path":"behind.md","content":""}]}}],"user":{}}', 'processing', 'another task has branch https://github.com/acme/apps#main', 'token:runner', 1795957890449, NULL, 1795957890667, NULL, false, 1, 2, 1795957895660, '303ebd9e63910038f335e42448acd0dc1444bf9d71661863bee53071915f819a', NULL, 1, '2.0', '{"steps":{},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}', NULL, NULL);
INSERT INTO public.task VALUES ('80b93d3f-78bd-42ab-847c-dafa96b07251', '{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/1"}}],"user":{}}', 'processing', '', 'token:runner', 1795957890811, NULL, 1795957890906, 'host-17969-4871cb95', false, 1, 1, NULL, NULL, 1795961490888, 1, '1.0', '{"steps":{"await-pull-request":{"status":"processing","since":1795957890888}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}', NULL, NULL);
INSERT INTO public.task VALUES ('72b1eae1-2aa5-40fd-b7b2-041e903705f4', '{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"bake-skeleton","name":"scenedock:bake-skeleton","action":"scenedock:bake-skeleton","input":{"skeleton":"library-chart","answers":{"name":"shared","owner":"group:default/platform"}}},{"id":"publish-repository","name":"scenedock:publish-repository","action":"scenedock:publish-repository","input":{"repoUrl":"https://github.com/acme/shared","folder":"${{ steps.bake-skeleton.output.folder }}","variables":{"IMAGE":"${{ secrets.image }}"},"secrets":{"DEPLOY_KEY":"[redacted]"}}}],"user":{}}', 'open', '', 'token:runner', 1795957891025, NULL, NULL, NULL, false, 1, 1, 1795957896025, NULL, NULL, 0, '', '{"steps":{},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}', 'gAAAAABrDCSDirW6vW5bsWk5XZCxD__98LwsAAHZxmhy5_d67c7NqXnDJrRbtlk9zVawnEGoib4QENKXdbrWlY1-nGsZbMgxgvym1OiCogKXr6L3R4Gh9xj-pincuzdpMgtmm7eL0Hsl0dMwLXtq_p0jUZRsTBCxxK7jGOZTDqRLnwf3f8nnpj0ymME7xFyLEU3a0uIapqxXmI7ssPBxoNryel8bCTEZXtJW3NP-iEYjoDtoFjay0bidUvFju8DYUc5LY6Po6YAIURvePr3B7BHQJ2R76yPM1kbrs44lCWz3V6Hyt1mZOhKBfQtPcin7JinL0kll5kzeAk_944IJEzWwZKgc34jJvg==', '96d56e2bac0e21bfbc2321aa5bf9073d7eae965f30661742340609ac7229dc54');


--
-- Data for Name: task_event; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.task_event VALUES ('f9a8db22-719d-4391-ab19-5208b9950980', 1, 1, 'log', 'bake-skeleton', 'processing', '{"message":"Beginning step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"processing"}', 1795957881348);
INSERT INTO public.task_event VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840', 1, 1, 'log', 'bake-skeleton', 'processing', '{"message":"Beginning step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"processing"}', 1795957881350);
INSERT INTO public.task_event VALUES ('f9a8db22-719d-4391-ab19-5208b9950980', 2, 1, 'log', 'bake-skeleton', NULL, '{"message":"baked library-chart into 14 files of shared","stepId":"bake-skeleton"}', 1795957881403);
INSERT INTO public.task_event VALUES ('f9a8db22-719d-4391-ab19-5208b9950980', 3, 1, 'log', 'bake-skeleton', 'completed', '{"message":"Finished step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"completed"}', 1795957881403);
INSERT INTO public.task_event VALUES ('f9a8db22-719d-4391-ab19-5208b9950980', 4, 1, 'completion', NULL, NULL, '{"message":"Run completed with status: completed","output":{"folder":"8c0d48bc0eb7803594a6f4b79ad22c58"}}', 1795957881403);
INSERT INTO public.task_event VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840', 2, 1, 'log', 'bake-skeleton', NULL, '{"message":"baked library-chart into 14 files of shared","stepId":"bake-skeleton"}', 1795957881401);
INSERT INTO public.task_event VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840', 3, 1, 'log', 'bake-skeleton', 'completed', '{"message":"Finished step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"completed"}', 1795957881401);
INSERT INTO public.task_event VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840', 4, 1, 'log', 'await-pull-request', 'processing', '{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}', 1795957881401);
INSERT INTO public.task_event VALUES ('b03d60bb-1598-4840-9a0e-342bf40b8114', 1, 1, 'log', 'await-pull-request', 'processing', '{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}', 1795957881569);
INSERT INTO public.task_event VALUES ('b03d60bb-1598-4840-9a0e-342bf40b8114', 2, 1, 'log', NULL, NULL, '{"message":"Waiting: for pull-request:github.com/acme/apps#1"}', 1795957881752);
INSERT INTO public.task_event VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840', 5, 1, 'log', 'await-pull-request', NULL, '{"message":"ConflictError: https://github.com/acme/apps/pull/2 was closed without being merged; reopen it and retry, or set `allowClosed`","stepId":"await-pull-request"}', 1795957881793);
INSERT INTO public.task_event VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840', 6, 1, 'log', 'await-pull-request', 'failed', '{"message":"Failed step scenedock:await-pull-request","stepId":"await-pull-request","status":"failed"}', 1795957881793);
INSERT INTO public.task_event VALUES ('bcb7039e-0b67-4fc4-9c34-d32bc5a98840', 7, 1, 'completion', NULL, NULL, '{"message":"Run failed: https://github.com/acme/apps/pull/2 was closed without being merged; reopen it and retry, or set `allowClosed`","error":{"name":"ConflictError","message":"https://github.com/acme/apps/pull/2 was closed without being merged; reopen it and retry, or set `allowClosed`"}}', 1795957881793);
INSERT INTO public.task_event VALUES ('b03d60bb-1598-4840-9a0e-342bf40b8114', 3, 1, 'cancelled', NULL, NULL, '{"message":"Cancelling was asked for"}', 1795957881987);
INSERT INTO public.task_event VALUES ('b03d60bb-1598-4840-9a0e-342bf40b8114', 4, 1, 'log', 'await-pull-request', 'cancelled', '{"message":"Cancelled step scenedock:await-pull-request","stepId":"await-pull-request","status":"cancelled"}', 1795957881987);
INSERT INTO public.task_event VALUES ('b03d60bb-1598-4840-9a0e-342bf40b8114', 5, 1, 'completion', NULL, NULL, '{"message":"Run failed: it was cancelled","error":{"name":"CancelledError","message":"it was cancelled"}}', 1795957881987);
INSERT INTO public.task_event VALUES ('c259342b-a52f-4f8c-818f-b563e6421423', 1, 1, 'log', 'await-pull-request', 'processing', '{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}', 1795957882090);
INSERT INTO public.task_event VALUES ('c259342b-a52f-4f8c-818f-b563e6421423', 2, 1, 'log', NULL, NULL, '{"message":"Waiting: for pull-request:github.com/acme/apps#1"}', 1795957882173);
INSERT INTO public.task_event VALUES ('7591e310-2a0e-41e4-a346-ee8ee1c9ab54', 1, 1, 'log', 'bake-skeleton', 'processing', '{"message":"Beginning step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"processing"}', 1795957890178);
INSERT INTO public.task_event VALUES ('7591e310-2a0e-41e4-a346-ee8ee1c9ab54', 2, 1, 'log', 'bake-skeleton', NULL, '{"message":"baked library-chart into 14 files of shared","stepId":"bake-skeleton"}', 1795957890185);
INSERT INTO public.task_event VALUES ('7591e310-2a0e-41e4-a346-ee8ee1c9ab54', 3, 1, 'log', 'bake-skeleton', 'completed', '{"message":"Finished step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"completed"}', 1795957890185);
INSERT INTO public.task_event VALUES ('7591e310-2a0e-41e4-a346-ee8ee1c9ab54', 4, 1, 'log', 'commit-change', 'processing', '{"message":"Beginning step scenedock:commit-change","stepId":"commit-change","status":"processing"}', 1795957890197);
INSERT INTO public.task_event VALUES ('2be0f046-3bc3-4bc0-be3c-6e58d8f6a82b', 1, 1, 'log', NULL, NULL, '{"message":"Waiting: another task has branch https://github.com/acme/apps#main"}', 1795957890541);
INSERT INTO public.task_event VALUES ('c829442b-4abb-4fad-923f-7685f9e52e2f', 1, 1, 'log', 'await-pull-request', 'processing', '{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}', 1795957890704);
INSERT INTO public.task_event VALUES ('c829442b-4abb-4fad-923f-7685f9e52e2f', 2, 1, 'log', 'await-pull-request', NULL, '{"message":"Try 1 failed: github.com answered 503 to GET /repos/acme/apps/pulls/3; again in 5 s","stepId":"await-pull-request"}', 1795957890723);
INSERT INTO public.task_event VALUES ('c829442b-4abb-4fad-923f-7685f9e52e2f', 3, 1, 'log', NULL, NULL, '{"message":"Waiting: until the next try"}', 1795957890723);
INSERT INTO public.task_event VALUES ('80b93d3f-78bd-42ab-847c-dafa96b07251', 1, 1, 'log', 'await-pull-request', 'processing', '{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}', 1795957890888);


--
-- Data for Name: task_schema; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.task_schema VALUES (1);
INSERT INTO public.task_schema VALUES (2);
INSERT INTO public.task_schema VALUES (3);


--
-- Data for Name: task_seat; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.task_seat VALUES ('303ebd9e63910038f335e42448acd0dc1444bf9d71661863bee53071915f819a', 0, '7591e310-2a0e-41e4-a346-ee8ee1c9ab54');


--
-- Data for Name: webhook_delivery; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.webhook_delivery VALUES ('be60d10e6f99b72a85d6cc4f1328f4d1fe98cc6d078fc81dd36dde9e498dfe50', 1795957882281);
INSERT INTO public.webhook_delivery VALUES ('549b7c902591226cb0298401fb1c94079b3bcf72bc4a1cb9d2eb5857ba0aff8d', 1795957882281);


--
-- Name: application_versions application_versions_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.application_versions
    ADD CONSTRAINT application_versions_pkey PRIMARY KEY (version_id);


--
-- Name: application_versions application_versions_version_name_key; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.application_versions
    ADD CONSTRAINT application_versions_version_name_key UNIQUE (version_name);


--
-- Name: dbos_migrations dbos_migrations_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.dbos_migrations
    ADD CONSTRAINT dbos_migrations_pkey PRIMARY KEY (version);


--
-- Name: event_dispatch_kv event_dispatch_kv_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.event_dispatch_kv
    ADD CONSTRAINT event_dispatch_kv_pkey PRIMARY KEY (service_name, workflow_fn_name, key);


--
-- Name: notifications notifications_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (message_uuid);


--
-- Name: operation_outputs operation_outputs_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.operation_outputs
    ADD CONSTRAINT operation_outputs_pkey PRIMARY KEY (workflow_uuid, function_id);


--
-- Name: queues queues_name_key; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.queues
    ADD CONSTRAINT queues_name_key UNIQUE (name);


--
-- Name: queues queues_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.queues
    ADD CONSTRAINT queues_pkey PRIMARY KEY (queue_id);


--
-- Name: streams streams_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.streams
    ADD CONSTRAINT streams_pkey PRIMARY KEY (workflow_uuid, key, "offset");


--
-- Name: workflow_events_history workflow_events_history_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_events_history
    ADD CONSTRAINT workflow_events_history_pkey PRIMARY KEY (workflow_uuid, function_id, key);


--
-- Name: workflow_events workflow_events_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_events
    ADD CONSTRAINT workflow_events_pkey PRIMARY KEY (workflow_uuid, key);


--
-- Name: workflow_input workflow_input_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_input
    ADD CONSTRAINT workflow_input_pkey PRIMARY KEY (workflow_uuid);


--
-- Name: workflow_output workflow_output_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_output
    ADD CONSTRAINT workflow_output_pkey PRIMARY KEY (workflow_uuid);


--
-- Name: workflow_schedules workflow_schedules_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_schedules
    ADD CONSTRAINT workflow_schedules_pkey PRIMARY KEY (schedule_id);


--
-- Name: workflow_schedules workflow_schedules_schedule_name_key; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_schedules
    ADD CONSTRAINT workflow_schedules_schedule_name_key UNIQUE (schedule_name);


--
-- Name: workflow_status workflow_status_pkey; Type: CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_status
    ADD CONSTRAINT workflow_status_pkey PRIMARY KEY (workflow_uuid);


--
-- Name: schedule schedule_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (name);


--
-- Name: task_event task_event_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.task_event
    ADD CONSTRAINT task_event_pkey PRIMARY KEY (task_id, id);


--
-- Name: task task_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (id);


--
-- Name: task_schema task_schema_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.task_schema
    ADD CONSTRAINT task_schema_pkey PRIMARY KEY (version);


--
-- Name: task_seat task_seat_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.task_seat
    ADD CONSTRAINT task_seat_pkey PRIMARY KEY (name, seat);


--
-- Name: webhook_delivery webhook_delivery_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.webhook_delivery
    ADD CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id);


--
-- Name: idx_application_versions_owner_timestamp; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_application_versions_owner_timestamp ON dbos.application_versions USING btree (application_name, version_timestamp DESC);


--
-- Name: idx_application_versions_timestamp; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_application_versions_timestamp ON dbos.application_versions USING btree (version_timestamp DESC);


--
-- Name: idx_operation_outputs_completed_at_function_name_v2; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_operation_outputs_completed_at_function_name_v2 ON dbos.operation_outputs USING btree (completed_at_epoch_ms, function_name) INCLUDE (application_name);


--
-- Name: idx_operation_outputs_retention; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_operation_outputs_retention ON dbos.operation_outputs USING btree (retention_timestamp);


--
-- Name: idx_workflow_input_retention; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_input_retention ON dbos.workflow_input USING btree (retention_timestamp);


--
-- Name: idx_workflow_output_retention; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_output_retention ON dbos.workflow_output USING btree (retention_timestamp);


--
-- Name: idx_workflow_status_attributes; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_attributes ON dbos.workflow_status USING gin (attributes) WHERE (attributes IS NOT NULL);


--
-- Name: idx_workflow_status_completed_at; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_completed_at ON dbos.workflow_status USING btree (completed_at) WHERE (completed_at IS NOT NULL);


--
-- Name: idx_workflow_status_deadline; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_deadline ON dbos.workflow_status USING btree (workflow_deadline_epoch_ms) WHERE ((status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text, 'DELAYED'::text])) AND (workflow_deadline_epoch_ms IS NOT NULL));


--
-- Name: idx_workflow_status_delayed; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_delayed ON dbos.workflow_status USING btree (delay_until_epoch_ms) WHERE (status = 'DELAYED'::text);


--
-- Name: idx_workflow_status_failed; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_failed ON dbos.workflow_status USING btree (status, created_at) WHERE (status = ANY (ARRAY['ERROR'::text, 'CANCELLED'::text, 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'::text]));


--
-- Name: idx_workflow_status_forked_from; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_forked_from ON dbos.workflow_status USING btree (forked_from) WHERE (forked_from IS NOT NULL);


--
-- Name: idx_workflow_status_in_flight_v2; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_in_flight_v2 ON dbos.workflow_status USING btree (queue_name, status, priority, created_at) INCLUDE (application_name) WHERE (status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text]));


--
-- Name: idx_workflow_status_parent_workflow_id; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_parent_workflow_id ON dbos.workflow_status USING btree (parent_workflow_id) WHERE (parent_workflow_id IS NOT NULL);


--
-- Name: idx_workflow_status_partition_dequeue_v3; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_partition_dequeue_v3 ON dbos.workflow_status USING btree (queue_name, status, queue_partition_key, priority, created_at, workflow_uuid) INCLUDE (application_name) WHERE ((status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text])) AND (queue_partition_key IS NOT NULL));


--
-- Name: idx_workflow_status_pending; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_pending ON dbos.workflow_status USING btree (created_at) WHERE (status = 'PENDING'::text);


--
-- Name: idx_workflow_status_rate_limited; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_rate_limited ON dbos.workflow_status USING btree (queue_name, started_at_epoch_ms) WHERE (rate_limited = true);


--
-- Name: idx_workflow_status_schedule_name; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_schedule_name ON dbos.workflow_status USING btree (schedule_name) WHERE (schedule_name IS NOT NULL);


--
-- Name: idx_workflow_status_started_at; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_status_started_at ON dbos.workflow_status USING btree (started_at_epoch_ms) WHERE (started_at_epoch_ms IS NOT NULL);


--
-- Name: idx_workflow_topic; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX idx_workflow_topic ON dbos.notifications USING btree (destination_uuid, topic);


--
-- Name: uq_application_versions_owner_version; Type: INDEX; Schema: dbos; Owner: -
--

CREATE UNIQUE INDEX uq_application_versions_owner_version ON dbos.application_versions USING btree (application_name, version_name) WHERE (application_name IS NOT NULL);


--
-- Name: uq_application_versions_unclaimed_version; Type: INDEX; Schema: dbos; Owner: -
--

CREATE UNIQUE INDEX uq_application_versions_unclaimed_version ON dbos.application_versions USING btree (version_name) WHERE (application_name IS NULL);


--
-- Name: uq_workflow_status_dedup_id; Type: INDEX; Schema: dbos; Owner: -
--

CREATE UNIQUE INDEX uq_workflow_status_dedup_id ON dbos.workflow_status USING btree (queue_name, deduplication_id) WHERE (deduplication_id IS NOT NULL);


--
-- Name: workflow_status_created_at_index; Type: INDEX; Schema: dbos; Owner: -
--

CREATE INDEX workflow_status_created_at_index ON dbos.workflow_status USING btree (created_at);


--
-- Name: task_created_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX task_created_at ON public.task USING btree (created_at);


--
-- Name: task_created_by; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX task_created_by ON public.task USING btree (created_by, created_at);


--
-- Name: task_idempotency_key; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX task_idempotency_key ON public.task USING btree (idempotency_key);


--
-- Name: task_seat_task_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX task_seat_task_id ON public.task_seat USING btree (task_id);


--
-- Name: task_status; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX task_status ON public.task USING btree (status, created_at);


--
-- Name: task_wait_for; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX task_wait_for ON public.task USING btree (wait_for);


--
-- Name: task_wake_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX task_wake_at ON public.task USING btree (wake_at);


--
-- Name: webhook_delivery_received_at; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX webhook_delivery_received_at ON public.webhook_delivery USING btree (received_at);


--
-- Name: notifications dbos_notifications_trigger; Type: TRIGGER; Schema: dbos; Owner: -
--

CREATE TRIGGER dbos_notifications_trigger AFTER INSERT ON dbos.notifications FOR EACH ROW EXECUTE FUNCTION dbos.notifications_function();


--
-- Name: notifications notifications_destination_uuid_fkey; Type: FK CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.notifications
    ADD CONSTRAINT notifications_destination_uuid_fkey FOREIGN KEY (destination_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: streams streams_workflow_uuid_fkey; Type: FK CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.streams
    ADD CONSTRAINT streams_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: workflow_events_history workflow_events_history_workflow_uuid_fkey; Type: FK CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_events_history
    ADD CONSTRAINT workflow_events_history_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- Name: workflow_events workflow_events_workflow_uuid_fkey; Type: FK CONSTRAINT; Schema: dbos; Owner: -
--

ALTER TABLE ONLY dbos.workflow_events
    ADD CONSTRAINT workflow_events_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--


