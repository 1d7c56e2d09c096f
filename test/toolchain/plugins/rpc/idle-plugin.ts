/** A plugin with nothing to do. Says `up` when it has started. */
import { startPlugin } from "../../../../toolchain/plugins/rpc/start.ts";

startPlugin(() => {
  setInterval(() => undefined, 1000);
  return Promise.resolve();
});
console.log("up");
