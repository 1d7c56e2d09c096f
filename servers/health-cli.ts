import { get } from "node:http";

/** Longest wait for the answer: below the health check's own limit. */
const TIMEOUT_MS = 3000;

// Asks `/live`, never `/ready`: a container must not be restarted because the database is gone.
const request = get(
  { host: "127.0.0.1", port: process.env["PORT"], path: "/live", timeout: TIMEOUT_MS },
  (response) => process.exit(response.statusCode === 200 ? 0 : 1),
);
request.on("timeout", () => process.exit(1));
request.on("error", () => process.exit(1));
