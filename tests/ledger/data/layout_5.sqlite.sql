PRAGMA application_id = 1347898439;
PRAGMA user_version = 5;
BEGIN TRANSACTION;
CREATE TABLE alerts ( -- what was told of a pier
        id INTEGER PRIMARY KEY,
        pier_id INTEGER NOT NULL REFERENCES piers (id),
        event TEXT NOT NULL, -- JSON, as it was last told
        standing INTEGER NOT NULL CHECK (standing IN (0, 1)), -- 0: withdrawn
        run_id INTEGER NOT NULL -- the last recording that was known then
    );
CREATE TABLE "counts" (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        scene_id INTEGER NOT NULL REFERENCES scenes (id),
        pier_id INTEGER NOT NULL REFERENCES piers (id),
        recipe_id INTEGER NOT NULL REFERENCES recipes (id),
        recency INTEGER NOT NULL, -- of the counts of one scene, the highest is the newest
        role TEXT NOT NULL,
        status TEXT NOT NULL CHECK (status IN ('counted', 'partial', 'not_visible', 'out_of_range', 'failed')),
        reason TEXT NOT NULL,
        visible_fraction REAL CHECK (visible_fraction BETWEEN 0 AND 1), -- NULL: not known
        berth_visible_fraction REAL CHECK (berth_visible_fraction BETWEEN 0 AND 1),
        visibility TEXT NOT NULL,
        radiometry TEXT NOT NULL,
        place TEXT NOT NULL, -- sha256 of outline and berth; empty: not recorded
        gsd_x_m REAL,
        gsd_y_m REAL,
        method TEXT NOT NULL,
        interval_level REAL NOT NULL CHECK (interval_level BETWEEN 0 AND 1),
        interval_calibrated INTEGER NOT NULL CHECK (interval_calibrated IN (0, 1)),
        containers REAL CHECK (containers >= 0), containers_low REAL, containers_high REAL CHECK ((containers IS NULL) = (containers_low IS NULL) AND (containers IS NULL) = (containers_high IS NULL) AND containers_low <= containers_high), teu REAL CHECK (teu >= 0), teu_low REAL, teu_high REAL CHECK ((teu IS NULL) = (teu_low IS NULL) AND (teu IS NULL) = (teu_high IS NULL) AND teu_low <= teu_high), hulls REAL CHECK (hulls >= 0), hulls_low REAL, hulls_high REAL CHECK ((hulls IS NULL) = (hulls_low IS NULL) AND (hulls IS NULL) = (hulls_high IS NULL) AND hulls_low <= hulls_high), aboard REAL CHECK (aboard >= 0), aboard_low REAL, aboard_high REAL CHECK ((aboard IS NULL) = (aboard_low IS NULL) AND (aboard IS NULL) = (aboard_high IS NULL) AND aboard_low <= aboard_high),
        UNIQUE (scene_id, pier_id, recipe_id),
        CONSTRAINT unknown_is_not_zero CHECK (
            status IN ('counted', 'partial')
            OR coalesce(containers, teu, hulls, aboard) IS NULL
        )
    );
INSERT INTO "counts" VALUES(1,1,1,1,1,1,'rail','counted','',1.0,1.0,'mask','not recorded','',0.3,0.3,'resolved',0.9,0,7.0,6.0,8.0,9.0,8.0,10.0,0.0,0.0,0.0,NULL,NULL,NULL);
INSERT INTO "counts" VALUES(2,1,1,2,1,2,'rail','failed','out of memory',NULL,NULL,'mask','not recorded','',0.3,0.3,'resolved',0.9,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE hulls (
        count_id INTEGER NOT NULL REFERENCES counts (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        length_m REAL NOT NULL,
        beam_m REAL NOT NULL,
        heading_deg REAL, -- NULL: unknown
        score REAL NOT NULL,
        x REAL NOT NULL,
        y REAL NOT NULL,
        PRIMARY KEY (count_id, position)
    ) WITHOUT ROWID;
CREATE TABLE piers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO "piers" VALUES(1,'East');
INSERT INTO "piers" VALUES(2,'West');
CREATE TABLE quarantine ( -- files that were the end of several workers
        digest TEXT PRIMARY KEY, -- sha256 of the file
        bytes INTEGER NOT NULL,
        path TEXT NOT NULL,
        reason TEXT NOT NULL
    );
CREATE TABLE recipes (
        id INTEGER PRIMARY KEY,
        model TEXT NOT NULL,
        settings TEXT NOT NULL,
        UNIQUE (model, settings)
    );
INSERT INTO "recipes" VALUES(1,'m','s');
CREATE TABLE runs ( -- one recording of a scene that brought at least one new count
        id INTEGER PRIMARY KEY,
        scene_id INTEGER NOT NULL REFERENCES scenes (id),
        model TEXT NOT NULL
    );
INSERT INTO "runs" VALUES(1,1,'m');
CREATE TABLE scenes (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        digest TEXT NOT NULL,
        acquired TEXT NOT NULL -- ISO 8601, UTC, microseconds: sorts as it reads
    );
INSERT INTO "scenes" VALUES(1,'old','dig','2025-12-31T23:59:59.000000+00:00');
CREATE TABLE sightings (
        id INTEGER PRIMARY KEY,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        count_id INTEGER REFERENCES counts (id) ON DELETE CASCADE, -- NULL: on no pier
        kind TEXT NOT NULL,
        score REAL NOT NULL,
        outline BLOB, -- WKB in EPSG:4326, longitude first; NULL: unknown
        length_m REAL NOT NULL,
        width_m REAL NOT NULL,
        heading_deg REAL, -- NULL: unknown
        aboard INTEGER NOT NULL CHECK (aboard IN (0, 1)),
        x0 REAL NOT NULL, y0 REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL,
        x2 REAL NOT NULL, y2 REAL NOT NULL, x3 REAL NOT NULL, y3 REAL NOT NULL
    );
CREATE TABLE stacks (
        count_id INTEGER NOT NULL REFERENCES counts (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        containers INTEGER NOT NULL,
        length_m REAL NOT NULL,
        width_m REAL NOT NULL,
        x REAL NOT NULL,
        y REAL NOT NULL,
        PRIMARY KEY (count_id, position)
    ) WITHOUT ROWID;
CREATE INDEX runs_by_scene ON runs (scene_id);
CREATE INDEX sightings_by_run ON sightings (run_id);
CREATE INDEX sightings_by_count ON sightings (count_id);
CREATE INDEX counts_by_pier ON counts (pier_id);
CREATE INDEX alerts_by_pier ON alerts (pier_id);
COMMIT;
