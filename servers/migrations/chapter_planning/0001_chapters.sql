CREATE TABLE chapters (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  book text NOT NULL CHECK (length(book) BETWEEN 1 AND 200),
  number integer NOT NULL CHECK (number >= 1),
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  goal text NOT NULL CHECK (length(goal) <= 4000),
  status text NOT NULL DEFAULT 'planned' CHECK (status IN ('planned', 'drafted', 'revised', 'final')),
  target_word_count integer NOT NULL CHECK (target_word_count >= 0),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (book, number)
);

CREATE INDEX chapters_by_book ON chapters (book, id);

CREATE TABLE chapter_beats (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chapter_id integer NOT NULL REFERENCES chapters (id) ON DELETE CASCADE,
  position integer NOT NULL CHECK (position >= 1),
  summary text NOT NULL CHECK (length(summary) <= 4000),
  UNIQUE (chapter_id, position)
);
