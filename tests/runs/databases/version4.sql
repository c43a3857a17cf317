-- A run store as format 4 left it.
PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE controls (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL, generation INTEGER NOT NULL, time REAL NOT NULL,
            command TEXT NOT NULL, value TEXT NOT NULL DEFAULT 'null');
INSERT INTO "controls" VALUES(1,'20261121-070000-mnist-cnn-0a1b',1,1795240030.0,'stop','null');
CREATE TABLE events (run TEXT NOT NULL, seq INTEGER NOT NULL, time REAL NOT NULL, event TEXT NOT NULL, kind TEXT NOT NULL DEFAULT '', PRIMARY KEY (run, seq));
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',1,1795240001.0,'{"event":"RunStarted","device":"cpu","device_name":"2 cores","parameters":21840,"train_samples":100,"test_samples":50,"steps_per_epoch":5,"epochs":4,"batch_size":20,"classes":["0","1"],"seed":0,"threads":2,"torch":"2.15.0","resumed_at":0}','RunStarted');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',2,1795240002.0,'{"event":"StepEnded","step":1,"epoch":1,"loss":1.0,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.1}','StepEnded');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',3,1795240003.0,'{"event":"StepEnded","step":2,"epoch":1,"loss":0.5,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.2}','StepEnded');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',4,1795240004.0,'{"event":"StepEnded","step":3,"epoch":1,"loss":0.3333333333333333,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.30000000000000004}','StepEnded');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',5,1795240005.0,'{"event":"StepEnded","step":4,"epoch":1,"loss":0.25,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.4}','StepEnded');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',6,1795240006.0,'{"event":"StepEnded","step":5,"epoch":1,"loss":0.2,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.5}','StepEnded');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',7,1795240007.0,'{"event":"EpochEnded","epoch":1,"step":5,"loss":0.5,"accuracy":0.8,"seconds":1.0,"samples_per_second":1000.0}','EpochEnded');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',8,1795240008.0,'{"event":"Evaluated","epoch":1,"step":5,"split":"test","loss":0.4,"accuracy":0.55,"confusion":[[25,0],[0,25]]}','Evaluated');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',9,1795240009.0,'{"event":"CheckpointSaved","step":5,"epoch":1,"name":"last.pt"}','CheckpointSaved');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',10,1795240010.0,'{"event":"StepEnded","step":6,"epoch":2,"loss":0.16666666666666666,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.6000000000000001}','StepEnded');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',11,1795240011.0,'{"event":"StepEnded","step":7,"epoch":2,"loss":0.14285714285714285,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.7000000000000001}','StepEnded');
INSERT INTO "events" VALUES('20261121-070000-mnist-cnn-0a1b',12,1795240012.0,'{"event":"RunEnded","reason":"killed","step":7,"says":"The training process ended without a word."}','RunEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',1,1795243601.0,'{"event":"RunStarted","device":"cpu","device_name":"2 cores","parameters":21840,"train_samples":100,"test_samples":50,"steps_per_epoch":5,"epochs":4,"batch_size":20,"classes":["0","1"],"seed":0,"threads":2,"torch":"2.15.0","resumed_at":0}','RunStarted');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',2,1795243602.0,'{"event":"StepEnded","step":1,"epoch":1,"loss":1.0,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.1}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',3,1795243603.0,'{"event":"StepEnded","step":2,"epoch":1,"loss":0.5,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.2}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',4,1795243604.0,'{"event":"StepEnded","step":3,"epoch":1,"loss":0.3333333333333333,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.30000000000000004}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',5,1795243605.0,'{"event":"StepEnded","step":4,"epoch":1,"loss":0.25,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.4}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',6,1795243606.0,'{"event":"StepEnded","step":5,"epoch":1,"loss":0.2,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.5}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',7,1795243607.0,'{"event":"EpochEnded","epoch":1,"step":5,"loss":0.5,"accuracy":0.8,"seconds":1.0,"samples_per_second":1000.0}','EpochEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',8,1795243608.0,'{"event":"Evaluated","epoch":1,"step":5,"split":"test","loss":0.4,"accuracy":0.55,"confusion":[[25,0],[0,25]]}','Evaluated');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',9,1795243609.0,'{"event":"CheckpointSaved","step":5,"epoch":1,"name":"last.pt"}','CheckpointSaved');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',10,1795243610.0,'{"event":"StepEnded","step":6,"epoch":2,"loss":0.16666666666666666,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.6000000000000001}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',11,1795243611.0,'{"event":"StepEnded","step":7,"epoch":2,"loss":0.14285714285714285,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.7000000000000001}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',12,1795243612.0,'{"event":"StepEnded","step":8,"epoch":2,"loss":0.125,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.8}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',13,1795243613.0,'{"event":"StepEnded","step":9,"epoch":2,"loss":0.1111111111111111,"accuracy":0.5,"samples_per_second":1000.0,"seconds":0.9}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',14,1795243614.0,'{"event":"StepEnded","step":10,"epoch":2,"loss":0.1,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.0}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',15,1795243615.0,'{"event":"EpochEnded","epoch":2,"step":10,"loss":0.5,"accuracy":0.8,"seconds":1.0,"samples_per_second":1000.0}','EpochEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',16,1795243616.0,'{"event":"Evaluated","epoch":2,"step":10,"split":"test","loss":0.4,"accuracy":0.6,"confusion":[[25,0],[0,25]]}','Evaluated');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',17,1795243617.0,'{"event":"CheckpointSaved","step":10,"epoch":2,"name":"last.pt"}','CheckpointSaved');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',18,1795243618.0,'{"event":"StepEnded","step":11,"epoch":3,"loss":0.09090909090909091,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.1}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',19,1795243619.0,'{"event":"StepEnded","step":12,"epoch":3,"loss":0.08333333333333333,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.2000000000000002}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',20,1795243620.0,'{"event":"StepEnded","step":13,"epoch":3,"loss":0.07692307692307693,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.3}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',21,1795243621.0,'{"event":"StepEnded","step":14,"epoch":3,"loss":0.07142857142857142,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.4000000000000001}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',22,1795243622.0,'{"event":"StepEnded","step":15,"epoch":3,"loss":0.06666666666666667,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.5}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',23,1795243623.0,'{"event":"EpochEnded","epoch":3,"step":15,"loss":0.5,"accuracy":0.8,"seconds":1.0,"samples_per_second":1000.0}','EpochEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',24,1795243624.0,'{"event":"Evaluated","epoch":3,"step":15,"split":"test","loss":0.4,"accuracy":0.65,"confusion":[[25,0],[0,25]]}','Evaluated');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',25,1795243625.0,'{"event":"CheckpointSaved","step":15,"epoch":3,"name":"last.pt"}','CheckpointSaved');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',26,1795243626.0,'{"event":"StepEnded","step":16,"epoch":4,"loss":0.0625,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.6}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',27,1795243627.0,'{"event":"StepEnded","step":17,"epoch":4,"loss":0.058823529411764705,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.7000000000000002}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',28,1795243628.0,'{"event":"StepEnded","step":18,"epoch":4,"loss":0.05555555555555555,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.8}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',29,1795243629.0,'{"event":"StepEnded","step":19,"epoch":4,"loss":0.05263157894736842,"accuracy":0.5,"samples_per_second":1000.0,"seconds":1.9000000000000001}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',30,1795243630.0,'{"event":"StepEnded","step":20,"epoch":4,"loss":0.05,"accuracy":0.5,"samples_per_second":1000.0,"seconds":2.0}','StepEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',31,1795243631.0,'{"event":"EpochEnded","epoch":4,"step":20,"loss":0.5,"accuracy":0.8,"seconds":1.0,"samples_per_second":1000.0}','EpochEnded');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',32,1795243632.0,'{"event":"Evaluated","epoch":4,"step":20,"split":"test","loss":0.4,"accuracy":0.7,"confusion":[[25,0],[0,25]]}','Evaluated');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',33,1795243633.0,'{"event":"CheckpointSaved","step":20,"epoch":4,"name":"last.pt"}','CheckpointSaved');
INSERT INTO "events" VALUES('20261121-080000-lenet-2c3d',34,1795243634.0,'{"event":"RunEnded","reason":"completed","step":20,"says":"All 4 epochs are done."}','RunEnded');
CREATE TABLE runs (
            id TEXT PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL, created REAL NOT NULL, launched REAL, started REAL, ended REAL,
            device TEXT NOT NULL DEFAULT '', device_asked TEXT, parameters INTEGER NOT NULL DEFAULT 0,
            step INTEGER NOT NULL DEFAULT 0, steps INTEGER NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 0,
            epochs INTEGER NOT NULL DEFAULT 0, accuracy REAL, says TEXT NOT NULL DEFAULT '',
            generation INTEGER NOT NULL DEFAULT 1, claimed INTEGER NOT NULL DEFAULT 0, pid INTEGER, heartbeat REAL,
            seq INTEGER NOT NULL DEFAULT 0, checkpoint INTEGER, place INTEGER, needs INTEGER, part TEXT NOT NULL DEFAULT 'test', tested REAL);
INSERT INTO "runs" VALUES('20261121-070000-mnist-cnn-0a1b','MNIST CNN','killed',1795240000.0,1795240000.0,1795240001.0,1795240060.0,'2 cores',NULL,21840,7,20,1,4,0.55,'The training process ended without a word.',1,1,4242,1795240059.0,12,5,NULL,NULL,'test',NULL);
INSERT INTO "runs" VALUES('20261121-080000-lenet-2c3d','LeNet','completed',1795243600.0,1795243600.0,1795243601.0,1795243660.0,'2 cores',NULL,21840,20,20,4,4,0.7,'All 4 epochs are done.',1,1,4243,1795243659.0,34,20,NULL,NULL,'test',NULL);
CREATE INDEX events_by_kind ON events (run, kind, seq);
CREATE INDEX controls_by_run ON controls (run, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('controls',1);
COMMIT;
