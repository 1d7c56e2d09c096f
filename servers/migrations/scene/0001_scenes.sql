CREATE TABLE scenes (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chapter text NOT NULL CHECK (length(chapter) BETWEEN 1 AND 200),
  position integer NOT NULL CHECK (position >= 1),
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  point_of_view text NOT NULL CHECK (length(point_of_view) BETWEEN 1 AND 200),
  location text NOT NULL CHECK (length(location) BETWEEN 1 AND 200),
  body text NOT NULL DEFAULT '' CHECK (length(body) <= 100000),
  word_count integer NOT NULL DEFAULT 0 CHECK (word_count >= 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (chapter, position)
);

CREATE INDEX scenes_by_chapter ON scenes (chapter, id);

CREATE INDEX scenes_by_words ON scenes USING gin (to_tsvector('simple', body));
