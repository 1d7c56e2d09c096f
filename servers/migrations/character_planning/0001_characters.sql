CREATE TABLE characters (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 200),
  role text NOT NULL CHECK (role IN ('protagonist', 'antagonist', 'supporting', 'minor')),
  summary text NOT NULL CHECK (length(summary) <= 4000),
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX characters_by_role ON characters (role, id);

CREATE TABLE character_traits (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  character_id integer NOT NULL REFERENCES characters (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 200),
  detail text NOT NULL CHECK (length(detail) <= 4000),
  UNIQUE (character_id, kind)
);

CREATE TABLE character_relations (
  from_id integer NOT NULL REFERENCES characters (id) ON DELETE CASCADE,
  to_id integer NOT NULL REFERENCES characters (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 200),
  PRIMARY KEY (from_id, to_id),
  CHECK (from_id <> to_id)
);

CREATE INDEX character_relations_by_target ON character_relations (to_id);
