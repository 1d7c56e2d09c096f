CREATE TABLE word_counts (
  book text NOT NULL CHECK (length(book) BETWEEN 1 AND 200),
  chapter text NOT NULL CHECK (length(chapter) BETWEEN 1 AND 200),
  counted_on date NOT NULL,
  words integer NOT NULL CHECK (words >= 0),
  PRIMARY KEY (book, chapter, counted_on)
);
