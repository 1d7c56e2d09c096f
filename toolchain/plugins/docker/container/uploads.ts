import { buffer } from "node:stream/consumers";
import { pack } from "tar-stream";
import type { Properties } from "../../bridge/values.ts";
import { flag, text } from "../state.ts";

/** One file as a tar archive that unpacks at the container's root. */
export async function uploadArchive(upload: Properties): Promise<Buffer> {
  const archive = pack();
  const content = uploadContent(upload);
  const permissions = text(upload.permissions);
  const mode =
    permissions === "" ? (flag(upload.executable) ? 0o744 : 0o644) : parseInt(permissions, 8);
  archive.entry({ name: text(upload.file), mode, mtime: new Date() }, content);
  archive.finalize();
  return buffer(archive);
}

/** @throws if not exactly one of `content` and `contentBase64` is set */
function uploadContent(upload: Properties): Buffer {
  const given = [text(upload.content), text(upload.contentBase64)].filter((value) => value !== "");
  if (given.length === 0) {
    throw new Error("error with upload content: one of 'content' or 'contentBase64' must be set");
  }
  if (given.length > 1) {
    throw new Error(
      "error with upload content: only one of 'content' or 'contentBase64' can be set",
    );
  }
  return text(upload.content) === ""
    ? Buffer.from(text(upload.contentBase64), "base64")
    : Buffer.from(text(upload.content));
}
