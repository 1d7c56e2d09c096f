import { map, set, single, str, type Fields } from "../../bridge/schema.ts";
import { labelFields } from "../labels.ts";

const forceNew = true;

/** Properties of a volume: names, defaults and replacement as in docker 5.2.0. */
export const volumeFields: Fields = {
  cluster: single("list", {}, { refused: true }),
  driver: str({ computed: true, forceNew }),
  driverOpts: map({ forceNew }),
  labels: set({ forceNew, element: labelFields }),
  mountpoint: str({ computed: true, outputOnly: true }),
  name: str({ computed: true, forceNew }),
};
