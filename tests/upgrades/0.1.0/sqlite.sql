BEGIN TRANSACTION;
CREATE TABLE application_versions (
    version_id TEXT NOT NULL PRIMARY KEY,
    version_name TEXT NOT NULL UNIQUE,
    version_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL);
INSERT INTO "application_versions" VALUES('a4a91f1b-9c08-4bd3-b364-de8e2f89aa23','1',1795957866000,1795957866000,'scenedock');
CREATE TABLE dbos_migrations (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO "dbos_migrations" VALUES(125);
CREATE TABLE notifications (
    message_uuid TEXT NOT NULL DEFAULT (hex(randomblob(16))) PRIMARY KEY,
    destination_uuid TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    created_at_epoch_ms INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000), "serialization" TEXT DEFAULT NULL, "consumed" BOOLEAN NOT NULL DEFAULT FALSE, consumed_by_function_id INTEGER,
    FOREIGN KEY (destination_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE "operation_outputs" (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    function_name TEXT NOT NULL DEFAULT '',
    output TEXT,
    error TEXT,
    child_workflow_id TEXT,
    started_at_epoch_ms INTEGER,
    completed_at_epoch_ms INTEGER,
    serialization TEXT,
    application_name TEXT DEFAULT NULL,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    PRIMARY KEY (workflow_uuid, function_id)
);
CREATE TABLE queues (
    queue_id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name TEXT NOT NULL UNIQUE,
    concurrency INTEGER,
    worker_concurrency INTEGER,
    rate_limit_max INTEGER,
    rate_limit_period_sec REAL,
    priority_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    partition_queue BOOLEAN NOT NULL DEFAULT FALSE,
    polling_interval_sec REAL NOT NULL DEFAULT 1.0,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL, "partition_concurrency" INTEGER DEFAULT NULL, "partition_worker_concurrency" INTEGER DEFAULT NULL, "partition_rate_limit_max" INTEGER DEFAULT NULL, "partition_rate_limit_period_sec" REAL DEFAULT NULL);
CREATE TABLE schedule (name TEXT PRIMARY KEY, last_tick BIGINT NOT NULL);
INSERT INTO "schedule" VALUES('retention',1795957866461);
CREATE TABLE streams (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    "offset" INTEGER NOT NULL, function_id INTEGER NOT NULL DEFAULT 0, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key, "offset"),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE task (id TEXT PRIMARY KEY, spec TEXT NOT NULL, status TEXT NOT NULL, reason TEXT NOT NULL,
        created_by TEXT, created_at BIGINT NOT NULL, ended_at BIGINT, heartbeat_at BIGINT, lease_owner TEXT,
        cancel_requested BOOLEAN NOT NULL, attempt INTEGER NOT NULL, run INTEGER NOT NULL, wake_at BIGINT,
        wait_for TEXT, deadline_at BIGINT, last_event BIGINT NOT NULL, last_mark TEXT NOT NULL, state TEXT NOT NULL,
        secrets_sealed TEXT, idempotency_key TEXT);
INSERT INTO "task" VALUES('37588176-0ca4-4889-b31f-bd6c24069230','{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{"folder":"${{ steps.bake-skeleton.output.folder }}"},"steps":[{"id":"bake-skeleton","name":"scenedock:bake-skeleton","action":"scenedock:bake-skeleton","input":{"skeleton":"library-chart","answers":{"name":"shared","owner":"group:default/platform"}}}],"user":{}}','completed','','token:runner',1795957866467,1795957866603,1795957866609,NULL,0,1,1,NULL,NULL,NULL,4,'1.1','{"steps":{"bake-skeleton":{"status":"completed","output":{"name":"shared","files":[".helmignore",".scenedock/skeleton.yaml","Chart.yaml","README.md","catalog-info.yaml","templates/_availability.tpl","templates/_container.tpl","templates/_deployment.tpl","templates/_manifests.tpl","templates/_names.tpl","templates/_network.tpl","templates/_serviceaccount.tpl","values.schema.json","values.yaml"],"folder":"8c0d48bc0eb7803594a6f4b79ad22c58","url":null}}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false,"recoveries":0,"output":{"folder":"8c0d48bc0eb7803594a6f4b79ad22c58"}}',NULL,'e07bd03fcdf2bb5ca49fd7306c35862decaa5fae6f549e2de86653343e098add');
INSERT INTO "task" VALUES('466a04be-047a-472a-8500-caf8afeaf5cc','{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"bake-skeleton","name":"scenedock:bake-skeleton","action":"scenedock:bake-skeleton","input":{"skeleton":"library-chart","answers":{"name":"shared","owner":"group:default/platform"}}},{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/2"}}],"user":{}}','failed','','token:runner',1795957866505,1795957867077,1795957867079,NULL,0,1,1,NULL,NULL,NULL,7,'1.2','{"steps":{"bake-skeleton":{"status":"completed","output":{"name":"shared","files":[".helmignore",".scenedock/skeleton.yaml","Chart.yaml","README.md","catalog-info.yaml","templates/_availability.tpl","templates/_container.tpl","templates/_deployment.tpl","templates/_manifests.tpl","templates/_names.tpl","templates/_network.tpl","templates/_serviceaccount.tpl","values.schema.json","values.yaml"],"folder":"8c0d48bc0eb7803594a6f4b79ad22c58","url":null}},"await-pull-request":{"status":"failed"}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false,"recoveries":0,"output":{}}',NULL,NULL);
INSERT INTO "task" VALUES('4f8236c8-9ba8-4fda-89ab-3d91d03c2abc','{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/1"}}],"user":{}}','cancelled','','token:runner',1795957866526,1795957867109,1795957867059,NULL,1,1,1,NULL,NULL,NULL,5,'1.1','{"steps":{"await-pull-request":{"status":"cancelled"}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false,"recoveries":0,"output":{}}',NULL,NULL);
INSERT INTO "task" VALUES('6f3b2288-e7d9-4e81-a4bd-51eb45544dcb','{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/1"}}],"user":{}}','processing','for pull-request:github.com/acme/apps#1','token:runner',1795957867126,NULL,1795957867578,NULL,0,1,2,1795958167577,'baa2c166aed2011be2f723612d5c3cce3806e10ca0e84d0c92b8d3eed127a521',NULL,2,'2.1','{"steps":{"await-pull-request":{"status":"processing","since":1795957867137,"tries":0,"until":null}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}',NULL,NULL);
INSERT INTO "task" VALUES('8daccae9-a84b-482d-aedd-c9f3e6e88c4f','{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"bake-skeleton","name":"scenedock:bake-skeleton","action":"scenedock:bake-skeleton","input":{"skeleton":"library-chart","answers":{"name":"shared","owner":"group:default/platform"}}},{"id":"commit-change","name":"scenedock:commit-change","action":"scenedock:commit-change","input":{"repoUrl":"https://github.com/acme/apps","branch":"main","commitMessage":"Change","folder":"${{ steps.bake-skeleton.output.folder }}","targetPath":"shared"}}],"user":{}}','processing','','token:runner',1795957872405,NULL,1795957872434,'host-17474-faf1c439',0,1,1,NULL,NULL,1795961472434,4,'1.1','{"steps":{"bake-skeleton":{"status":"completed","output":{"name":"shared","files":[".helmignore",".scenedock/skeleton.yaml","Chart.yaml","README.md","catalog-info.yaml","templates/_availability.tpl","templates/_container.tpl","templates/_deployment.tpl","templates/_manifests.tpl","templates/_names.tpl","templates/_network.tpl","templates/_serviceaccount.tpl","values.schema.json","values.yaml"],"folder":"8c0d48bc0eb7803594a6f4b79ad22c58","url":null}},"commit-change":{"status":"processing","since":1795957872434}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false,"recoveries":0}',NULL,NULL);
INSERT INTO "task" VALUES('22d19e75-297e-4fb4-b791-8b00ebf6a8b6','{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"commit-change","name":"scenedock:commit-change","action":"scenedock:commit-change","input":{"repoUrl":"https://github.com/acme/apps","branch":"main","commitMessage":"Change","files":[{"path":"behind.md","content":""}]}}],"user":{}}','processing','another task has branch https://github.com/acme/apps#main','token:runner',1795957872631,NULL,1795957872637,NULL,0,1,1,1795957872637,'303ebd9e63910038f335e42448acd0dc1444bf9d71661863bee53071915f819a',NULL,1,'1.0','{"steps":{},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}',NULL,NULL);
INSERT INTO "task" VALUES('a6c0b70e-97e2-445d-8136-e0def51fd676','{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/3"}}],"user":{}}','processing','until the next try','token:runner',1795957872644,NULL,1795957872655,NULL,0,1,1,1795957877654,NULL,NULL,3,'1.1','{"steps":{"await-pull-request":{"status":"processing","since":1795957872647,"tries":1,"until":1795961472647}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}',NULL,NULL);
INSERT INTO "task" VALUES('b1850ae9-0840-4c7c-b438-988b82ecbff9','{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"await-pull-request","name":"scenedock:await-pull-request","action":"scenedock:await-pull-request","input":{"pullRequestUrl":"https://github.com/acme/apps/pull/1"}}],"user":{}}','processing','','token:runner',1795957872765,NULL,1795957872769,'host-17474-faf1c439',0,1,1,NULL,NULL,1795961472768,1,'1.0','{"steps":{"await-pull-request":{"status":"processing","since":1795957872768}},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}',NULL,NULL);
INSERT INTO "task" VALUES('01a6f3fa-83c6-46e6-93cd-8b765baf4029','{"apiVersion":"scaffolder.backstage.io/v1beta3","parameters":{},"output":{},"steps":[{"id":"bake-skeleton","name":"scenedock:bake-skeleton","action":"scenedock:bake-skeleton","input":{"skeleton":"library-chart","answers":{"name":"shared","owner":"group:default/platform"}}},{"id":"publish-repository","name":"scenedock:publish-repository","action":"scenedock:publish-repository","input":{"repoUrl":"https://github.com/acme/shared","folder":"${{ steps.bake-skeleton.output.folder }}","variables":{"IMAGE":"${{ secrets.image }}"},"secrets":{"DEPLOY_KEY":"[redacted]"}}}],"user":{}}','open','','token:runner',1795957872874,NULL,NULL,NULL,0,1,1,1795957877874,NULL,NULL,0,'','{"steps":{},"checkpoints":{},"caller":{"subject":"token:runner","kind":"token","user":null,"scope":"run"},"rendered":false}','gAAAAABrDCRwEdr3hYgD7ppu5A0SeS8wGjaclOd2XUBH45EP8ZdvwpwrSzRLxJekoBLtbiwdprcKcDdt4aZyVDNSzFVO0xFRZkpexj_5h1xDJeeBFuSZUp6p-GhOLoWNR1cishMTRF2UbFAjMfuCGiHJdEEbojj5v2baUnQejOq8fdgJzfo_FJZJ5LYwxAzo8AMq60kbLvgTGr4VS0ZZWnlpYKKi2beiWucN5FJAgShZMcnaPE7FDBTdns7mloFf6Y9kUQR16PQub20IEI1LW279YezYk7K6a6x5GXmcy7mN2Q4bmkNSNPk-3mOWaZoNthAxHZUn6oAaWSzHKqQHiH5dLlV3EB0TGw==','96d56e2bac0e21bfbc2321aa5bf9073d7eae965f30661742340609ac7229dc54');
CREATE TABLE task_event (task_id TEXT NOT NULL, id BIGINT NOT NULL, attempt INTEGER NOT NULL,
        type TEXT NOT NULL, step_id TEXT, step_status TEXT, body TEXT NOT NULL, created_at BIGINT NOT NULL,
        PRIMARY KEY (task_id, id));
INSERT INTO "task_event" VALUES('37588176-0ca4-4889-b31f-bd6c24069230',1,1,'log','bake-skeleton','processing','{"message":"Beginning step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"processing"}',1795957866531);
INSERT INTO "task_event" VALUES('466a04be-047a-472a-8500-caf8afeaf5cc',1,1,'log','bake-skeleton','processing','{"message":"Beginning step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"processing"}',1795957866539);
INSERT INTO "task_event" VALUES('37588176-0ca4-4889-b31f-bd6c24069230',2,1,'log','bake-skeleton',NULL,'{"message":"baked library-chart into 14 files of shared","stepId":"bake-skeleton"}',1795957866603);
INSERT INTO "task_event" VALUES('37588176-0ca4-4889-b31f-bd6c24069230',3,1,'log','bake-skeleton','completed','{"message":"Finished step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"completed"}',1795957866603);
INSERT INTO "task_event" VALUES('37588176-0ca4-4889-b31f-bd6c24069230',4,1,'completion',NULL,NULL,'{"message":"Run completed with status: completed","output":{"folder":"8c0d48bc0eb7803594a6f4b79ad22c58"}}',1795957866603);
INSERT INTO "task_event" VALUES('466a04be-047a-472a-8500-caf8afeaf5cc',2,1,'log','bake-skeleton',NULL,'{"message":"baked library-chart into 14 files of shared","stepId":"bake-skeleton"}',1795957866609);
INSERT INTO "task_event" VALUES('466a04be-047a-472a-8500-caf8afeaf5cc',3,1,'log','bake-skeleton','completed','{"message":"Finished step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"completed"}',1795957866609);
INSERT INTO "task_event" VALUES('466a04be-047a-472a-8500-caf8afeaf5cc',4,1,'log','await-pull-request','processing','{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}',1795957866609);
INSERT INTO "task_event" VALUES('4f8236c8-9ba8-4fda-89ab-3d91d03c2abc',1,1,'log','await-pull-request','processing','{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}',1795957866634);
INSERT INTO "task_event" VALUES('4f8236c8-9ba8-4fda-89ab-3d91d03c2abc',2,1,'log',NULL,NULL,'{"message":"Waiting: for pull-request:github.com/acme/apps#1"}',1795957867058);
INSERT INTO "task_event" VALUES('466a04be-047a-472a-8500-caf8afeaf5cc',5,1,'log','await-pull-request',NULL,'{"message":"ConflictError: https://github.com/acme/apps/pull/2 was closed without being merged; reopen it and retry, or set `allowClosed`","stepId":"await-pull-request"}',1795957867077);
INSERT INTO "task_event" VALUES('466a04be-047a-472a-8500-caf8afeaf5cc',6,1,'log','await-pull-request','failed','{"message":"Failed step scenedock:await-pull-request","stepId":"await-pull-request","status":"failed"}',1795957867077);
INSERT INTO "task_event" VALUES('466a04be-047a-472a-8500-caf8afeaf5cc',7,1,'completion',NULL,NULL,'{"message":"Run failed: https://github.com/acme/apps/pull/2 was closed without being merged; reopen it and retry, or set `allowClosed`","error":{"name":"ConflictError","message":"https://github.com/acme/apps/pull/2 was closed without being merged; reopen it and retry, or set `allowClosed`"}}',1795957867077);
INSERT INTO "task_event" VALUES('4f8236c8-9ba8-4fda-89ab-3d91d03c2abc',3,1,'cancelled',NULL,NULL,'{"message":"Cancelling was asked for"}',1795957867109);
INSERT INTO "task_event" VALUES('4f8236c8-9ba8-4fda-89ab-3d91d03c2abc',4,1,'log','await-pull-request','cancelled','{"message":"Cancelled step scenedock:await-pull-request","stepId":"await-pull-request","status":"cancelled"}',1795957867109);
INSERT INTO "task_event" VALUES('4f8236c8-9ba8-4fda-89ab-3d91d03c2abc',5,1,'completion',NULL,NULL,'{"message":"Run failed: it was cancelled","error":{"name":"CancelledError","message":"it was cancelled"}}',1795957867109);
INSERT INTO "task_event" VALUES('6f3b2288-e7d9-4e81-a4bd-51eb45544dcb',1,1,'log','await-pull-request','processing','{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}',1795957867137);
INSERT INTO "task_event" VALUES('6f3b2288-e7d9-4e81-a4bd-51eb45544dcb',2,1,'log',NULL,NULL,'{"message":"Waiting: for pull-request:github.com/acme/apps#1"}',1795957867179);
INSERT INTO "task_event" VALUES('8daccae9-a84b-482d-aedd-c9f3e6e88c4f',1,1,'log','bake-skeleton','processing','{"message":"Beginning step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"processing"}',1795957872418);
INSERT INTO "task_event" VALUES('8daccae9-a84b-482d-aedd-c9f3e6e88c4f',2,1,'log','bake-skeleton',NULL,'{"message":"baked library-chart into 14 files of shared","stepId":"bake-skeleton"}',1795957872426);
INSERT INTO "task_event" VALUES('8daccae9-a84b-482d-aedd-c9f3e6e88c4f',3,1,'log','bake-skeleton','completed','{"message":"Finished step scenedock:bake-skeleton","stepId":"bake-skeleton","status":"completed"}',1795957872426);
INSERT INTO "task_event" VALUES('8daccae9-a84b-482d-aedd-c9f3e6e88c4f',4,1,'log','commit-change','processing','{"message":"Beginning step scenedock:commit-change","stepId":"commit-change","status":"processing"}',1795957872434);
INSERT INTO "task_event" VALUES('22d19e75-297e-4fb4-b791-8b00ebf6a8b6',1,1,'log',NULL,NULL,'{"message":"Waiting: another task has branch https://github.com/acme/apps#main"}',1795957872636);
INSERT INTO "task_event" VALUES('a6c0b70e-97e2-445d-8136-e0def51fd676',1,1,'log','await-pull-request','processing','{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}',1795957872647);
INSERT INTO "task_event" VALUES('a6c0b70e-97e2-445d-8136-e0def51fd676',2,1,'log','await-pull-request',NULL,'{"message":"Try 1 failed: github.com answered 503 to GET /repos/acme/apps/pulls/3; again in 5 s","stepId":"await-pull-request"}',1795957872654);
INSERT INTO "task_event" VALUES('a6c0b70e-97e2-445d-8136-e0def51fd676',3,1,'log',NULL,NULL,'{"message":"Waiting: until the next try"}',1795957872654);
INSERT INTO "task_event" VALUES('b1850ae9-0840-4c7c-b438-988b82ecbff9',1,1,'log','await-pull-request','processing','{"message":"Beginning step scenedock:await-pull-request","stepId":"await-pull-request","status":"processing"}',1795957872768);
CREATE TABLE task_schema (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO "task_schema" VALUES(1);
INSERT INTO "task_schema" VALUES(2);
INSERT INTO "task_schema" VALUES(3);
CREATE TABLE task_seat (name TEXT NOT NULL, seat INTEGER NOT NULL, task_id TEXT NOT NULL,
        PRIMARY KEY (name, seat));
INSERT INTO "task_seat" VALUES('303ebd9e63910038f335e42448acd0dc1444bf9d71661863bee53071915f819a',0,'8daccae9-a84b-482d-aedd-c9f3e6e88c4f');
CREATE TABLE webhook_delivery (id TEXT PRIMARY KEY, received_at BIGINT NOT NULL);
INSERT INTO "webhook_delivery" VALUES('be60d10e6f99b72a85d6cc4f1328f4d1fe98cc6d078fc81dd36dde9e498dfe50',1795957867252);
INSERT INTO "webhook_delivery" VALUES('549b7c902591226cb0298401fb1c94079b3bcf72bc4a1cb9d2eb5857ba0aff8d',1795957867252);
CREATE TABLE workflow_events (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events_history (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, function_id, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_input (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    inputs TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_input" VALUES('2d923b12-2737-4e50-ab61-1bbf7caf6e9b','{"args": ["37588176-0ca4-4889-b31f-bd6c24069230", 1], "kwargs": {}}',1795957866000);
INSERT INTO "workflow_input" VALUES('d9bee57c-e030-4eed-9dd6-a38b3136c1a1','{"args": ["466a04be-047a-472a-8500-caf8afeaf5cc", 1], "kwargs": {}}',1795957866000);
INSERT INTO "workflow_input" VALUES('01b3b626-ef35-4a2b-90dc-805d1940ba52','{"args": ["4f8236c8-9ba8-4fda-89ab-3d91d03c2abc", 1], "kwargs": {}}',1795957866000);
INSERT INTO "workflow_input" VALUES('2d5c0232-3cd9-49dc-b363-dac5cef0483d','{"args": ["6f3b2288-e7d9-4e81-a4bd-51eb45544dcb", 1], "kwargs": {}}',1795957867000);
INSERT INTO "workflow_input" VALUES('61eb3f9c-c428-4e90-a53d-f2282e4c20bb','{"args": ["6f3b2288-e7d9-4e81-a4bd-51eb45544dcb", 2], "kwargs": {}}',1795957867000);
INSERT INTO "workflow_input" VALUES('612f7f2c-681c-4c11-81bc-1e867e51f76f','{"args": ["8daccae9-a84b-482d-aedd-c9f3e6e88c4f", 1], "kwargs": {}}',1795957872000);
INSERT INTO "workflow_input" VALUES('dad1ac06-bdf0-4c84-bfda-624a9aadcd67','{"args": ["22d19e75-297e-4fb4-b791-8b00ebf6a8b6", 1], "kwargs": {}}',1795957872000);
INSERT INTO "workflow_input" VALUES('ae68d218-771d-4ead-a3dc-693137972f65','{"args": ["a6c0b70e-97e2-445d-8136-e0def51fd676", 1], "kwargs": {}}',1795957872000);
INSERT INTO "workflow_input" VALUES('efa0d20d-75f7-4ac0-8cbe-c6b205935153','{"args": ["b1850ae9-0840-4c7c-b438-988b82ecbff9", 1], "kwargs": {}}',1795957872000);
INSERT INTO "workflow_input" VALUES('e66b7157-ca6b-4c8b-a43a-e759a2e3eea9','{"args": ["01a6f3fa-83c6-46e6-93cd-8b765baf4029", 1], "kwargs": {}}',1795957872000);
CREATE TABLE workflow_output (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    output TEXT,
    error TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_output" VALUES('2d923b12-2737-4e50-ab61-1bbf7caf6e9b','null',NULL,1795957866000);
INSERT INTO "workflow_output" VALUES('01b3b626-ef35-4a2b-90dc-805d1940ba52','null',NULL,1795957867000);
INSERT INTO "workflow_output" VALUES('d9bee57c-e030-4eed-9dd6-a38b3136c1a1','null',NULL,1795957867000);
INSERT INTO "workflow_output" VALUES('2d5c0232-3cd9-49dc-b363-dac5cef0483d','null',NULL,1795957867000);
INSERT INTO "workflow_output" VALUES('61eb3f9c-c428-4e90-a53d-f2282e4c20bb','null',NULL,1795957867000);
INSERT INTO "workflow_output" VALUES('dad1ac06-bdf0-4c84-bfda-624a9aadcd67','null',NULL,1795957872000);
INSERT INTO "workflow_output" VALUES('ae68d218-771d-4ead-a3dc-693137972f65','null',NULL,1795957872000);
CREATE TABLE workflow_schedules (
    schedule_id TEXT PRIMARY KEY,
    schedule_name TEXT NOT NULL UNIQUE,
    workflow_name TEXT NOT NULL,
    workflow_class_name TEXT,
    schedule TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'ACTIVE',
    context TEXT NOT NULL
, "last_fired_at" TEXT DEFAULT NULL, "automatic_backfill" BOOLEAN NOT NULL DEFAULT FALSE, "cron_timezone" TEXT DEFAULT NULL, "queue_name" TEXT DEFAULT NULL, "application_name" TEXT DEFAULT NULL);
CREATE TABLE workflow_status (
    workflow_uuid TEXT PRIMARY KEY,
    status TEXT,
    name TEXT,
    authenticated_user TEXT,
    assumed_role TEXT,
    authenticated_roles TEXT,
    request TEXT,
    output TEXT,
    error TEXT,
    executor_id TEXT,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    application_version TEXT,
    application_id TEXT,
    class_name TEXT DEFAULT NULL,
    config_name TEXT DEFAULT NULL,
    recovery_attempts INTEGER DEFAULT 0,
    queue_name TEXT,
    workflow_timeout_ms INTEGER,
    workflow_deadline_epoch_ms INTEGER,
    inputs TEXT,
    started_at_epoch_ms INTEGER,
    deduplication_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0
, queue_partition_key TEXT, forked_from TEXT, "owner_xid" TEXT DEFAULT NULL, "parent_workflow_id" TEXT DEFAULT NULL, "serialization" TEXT DEFAULT NULL, "delay_until_epoch_ms" BIGINT DEFAULT NULL, "was_forked_from" BOOLEAN NOT NULL DEFAULT FALSE, "rate_limited" BOOLEAN NOT NULL DEFAULT FALSE, "completed_at" BIGINT, "attributes" TEXT, "schedule_name" TEXT, "debounce_deadline_epoch_ms" BIGINT DEFAULT NULL, "is_debounced" BOOLEAN NOT NULL DEFAULT FALSE, "application_name" TEXT DEFAULT NULL, "creator_xid" TEXT DEFAULT NULL);
INSERT INTO "workflow_status" VALUES('2d923b12-2737-4e50-ab61-1bbf7caf6e9b','SUCCESS','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957866000,1795957866000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'scenedock-json',NULL,0,0,1795957866000,'null',NULL,NULL,0,'scenedock','2704a649-731a-4f71-b49c-b6950a48633c');
INSERT INTO "workflow_status" VALUES('d9bee57c-e030-4eed-9dd6-a38b3136c1a1','SUCCESS','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957866000,1795957867000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'scenedock-json',NULL,0,0,1795957867000,'null',NULL,NULL,0,'scenedock','a8dcaf7a-50c9-4978-a58a-19fd98cd4c6c');
INSERT INTO "workflow_status" VALUES('01b3b626-ef35-4a2b-90dc-805d1940ba52','SUCCESS','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957866000,1795957867000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'scenedock-json',NULL,0,0,1795957867000,'null',NULL,NULL,0,'scenedock','0efe9555-65a0-4472-b95c-0b1863191832');
INSERT INTO "workflow_status" VALUES('2d5c0232-3cd9-49dc-b363-dac5cef0483d','SUCCESS','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957867000,1795957867000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'scenedock-json',NULL,0,0,1795957867000,'null',NULL,NULL,0,'scenedock','75afaf32-1027-4a70-9d6f-f9ddfe7372ae');
INSERT INTO "workflow_status" VALUES('61eb3f9c-c428-4e90-a53d-f2282e4c20bb','SUCCESS','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957867000,1795957867000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'scenedock-json',NULL,0,0,1795957867000,'null',NULL,NULL,0,'scenedock','9f4f99dd-caa6-4d26-89f2-8f641d625b29');
INSERT INTO "workflow_status" VALUES('612f7f2c-681c-4c11-81bc-1e867e51f76f','PENDING','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957872000,1795957872000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'2e63392e-bec4-45fd-b0c3-5a9e6ceca125',NULL,'scenedock-json',NULL,0,0,NULL,'null',NULL,NULL,0,'scenedock','2e63392e-bec4-45fd-b0c3-5a9e6ceca125');
INSERT INTO "workflow_status" VALUES('dad1ac06-bdf0-4c84-bfda-624a9aadcd67','SUCCESS','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957872000,1795957872000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'scenedock-json',NULL,0,0,1795957872000,'null',NULL,NULL,0,'scenedock','35f6f228-0169-444b-b756-9c9895a02ca5');
INSERT INTO "workflow_status" VALUES('ae68d218-771d-4ead-a3dc-693137972f65','SUCCESS','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957872000,1795957872000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'scenedock-json',NULL,0,0,1795957872000,'null',NULL,NULL,0,'scenedock','2aaf3357-6d35-43af-b27b-00115e05770e');
INSERT INTO "workflow_status" VALUES('efa0d20d-75f7-4ac0-8cbe-c6b205935153','PENDING','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957872000,1795957872000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'f9749397-291e-4e10-8d33-aa7ab1ac58dc',NULL,'scenedock-json',NULL,0,0,NULL,'null',NULL,NULL,0,'scenedock','f9749397-291e-4e10-8d33-aa7ab1ac58dc');
INSERT INTO "workflow_status" VALUES('e66b7157-ca6b-4c8b-a43a-e759a2e3eea9','PENDING','run_task',NULL,NULL,NULL,NULL,NULL,NULL,'host-17474-faf1c439',1795957872000,1795957872000,'1','',NULL,NULL,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,'d8fe6f75-7469-4391-9ef8-e2bad1691aff',NULL,'scenedock-json',NULL,0,0,NULL,'null',NULL,NULL,0,'scenedock','d8fe6f75-7469-4391-9ef8-e2bad1691aff');
CREATE INDEX task_created_by ON task (created_by, created_at);
CREATE INDEX task_status ON task (status, created_at);
CREATE INDEX task_created_at ON task (created_at);
CREATE INDEX task_wake_at ON task (wake_at);
CREATE INDEX task_wait_for ON task (wait_for);
CREATE UNIQUE INDEX task_idempotency_key ON task (idempotency_key);
CREATE INDEX task_seat_task_id ON task_seat (task_id);
CREATE INDEX webhook_delivery_received_at ON webhook_delivery (received_at);
CREATE INDEX workflow_status_created_at_index ON workflow_status (created_at);
CREATE INDEX idx_workflow_topic ON notifications (destination_uuid, topic);
CREATE INDEX "idx_workflow_status_delayed" ON "workflow_status" ("delay_until_epoch_ms") WHERE status = 'DELAYED';
CREATE INDEX "idx_workflow_status_forked_from" ON "workflow_status" ("forked_from") WHERE "forked_from" IS NOT NULL;
CREATE INDEX "idx_workflow_status_parent_workflow_id" ON "workflow_status" ("parent_workflow_id") WHERE "parent_workflow_id" IS NOT NULL;
CREATE UNIQUE INDEX "uq_workflow_status_dedup_id" ON "workflow_status" ("queue_name", "deduplication_id") WHERE "deduplication_id" IS NOT NULL;
CREATE INDEX "idx_workflow_status_pending" ON "workflow_status" ("created_at") WHERE "status" = 'PENDING';
CREATE INDEX "idx_workflow_status_failed" ON "workflow_status" ("status", "created_at") WHERE "status" IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED');
CREATE INDEX "idx_workflow_status_rate_limited" ON "workflow_status" ("queue_name", "started_at_epoch_ms") WHERE "rate_limited" = TRUE;
CREATE INDEX "idx_workflow_status_completed_at" ON "workflow_status" ("completed_at") WHERE "completed_at" IS NOT NULL;
CREATE INDEX "idx_workflow_status_started_at" ON "workflow_status" ("started_at_epoch_ms") WHERE "started_at_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_workflow_status_schedule_name" ON "workflow_status" ("schedule_name") WHERE "schedule_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_owner_version"
    ON application_versions ("application_name", "version_name")
    WHERE "application_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_unclaimed_version"
    ON application_versions ("version_name")
    WHERE "application_name" IS NULL;
CREATE INDEX idx_workflow_input_retention
    ON workflow_input (retention_timestamp);
CREATE INDEX idx_workflow_output_retention
    ON workflow_output (retention_timestamp);
CREATE INDEX idx_operation_outputs_retention
    ON operation_outputs (retention_timestamp);
CREATE INDEX "idx_workflow_status_in_flight_v2" ON "workflow_status" ("queue_name", "status", "priority", "created_at", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING');
CREATE INDEX "idx_workflow_status_partition_dequeue_v3" ON "workflow_status" ("queue_name", "status", "queue_partition_key", "priority", "created_at", "workflow_uuid", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING') AND "queue_partition_key" IS NOT NULL;
CREATE INDEX "idx_operation_outputs_completed_at_function_name_v2" ON "operation_outputs" ("completed_at_epoch_ms", "function_name", "application_name");
CREATE INDEX "idx_workflow_status_deadline" ON "workflow_status" ("workflow_deadline_epoch_ms") WHERE "status" IN ('ENQUEUED', 'PENDING', 'DELAYED') AND "workflow_deadline_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_application_versions_timestamp" ON "application_versions" ("version_timestamp" DESC);
CREATE INDEX "idx_application_versions_owner_timestamp" ON "application_versions" ("application_name", "version_timestamp" DESC);
COMMIT;
