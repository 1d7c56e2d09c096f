CREATE TABLE books (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  title text NOT NULL UNIQUE CHECK (length(title) BETWEEN 1 AND 200),
  premise text NOT NULL CHECK (length(premise) <= 4000),
  status text NOT NULL DEFAULT 'idea' CHECK (status IN ('idea', 'outlining', 'drafting', 'revising', 'done')),
  target_word_count integer NOT NULL CHECK (target_word_count >= 0),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX books_by_status ON books (status, id);

CREATE TABLE outline_sections (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  book_id integer NOT NULL REFERENCES books (id) ON DELETE CASCADE,
  position integer NOT NULL CHECK (position >= 1),
  heading text NOT NULL CHECK (length(heading) BETWEEN 1 AND 200),
  summary text NOT NULL CHECK (length(summary) <= 4000),
  UNIQUE (book_id, position)
);
