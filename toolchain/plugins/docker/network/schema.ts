import { bool, map, set, str, type Fields } from "../../bridge/schema.ts";
import { labelFields } from "../labels.ts";

const forceNew = true;
const refused = true;

/** Properties of a network: names, defaults and replacement as in docker 5.2.0. */
export const networkFields: Fields = {
  attachable: bool({ forceNew, refused }),
  driver: str({ computed: true, forceNew }),
  ingress: bool({ forceNew, refused }),
  internal: bool({ computed: true, forceNew }),
  ipamConfigs: set({
    computed: true,
    forceNew,
    raw: "ipam_config",
    element: {
      auxAddress: map({ forceNew }),
      gateway: str({ forceNew }),
      ipRange: str({ forceNew }),
      subnet: str({ forceNew }),
    },
  }),
  ipamDriver: str({ default: "default", forceNew }),
  ipamOptions: map({ forceNew, refused }),
  ipv6: bool({ forceNew, refused }),
  labels: set({ forceNew, element: labelFields }),
  name: str({ required: true, forceNew }),
  options: map({ computed: true, forceNew }),
  scope: str({ computed: true, outputOnly: true }),
};
