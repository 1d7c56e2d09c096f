import { bool, int, list, map, set, single, str, type Fields } from "../../bridge/schema.ts";

const forceNew = true;
const refused = true;
const outputOnly = true;

const buildFields: Fields = {
  additionalContexts: list({ forceNew, refused }),
  authConfigs: list({ refused, raw: "auth_config", element: {} }),
  buildArgs: map({ forceNew }),
  buildId: str({ forceNew, refused }),
  buildLogFile: str({ forceNew, refused }),
  builder: str({ forceNew, refused }),
  cacheFroms: list({ forceNew, refused, raw: "cache_from" }),
  cacheTos: list({ forceNew, refused, raw: "cache_to" }),
  cgroupParent: str({ forceNew, refused }),
  context: str({ required: true, forceNew }),
  cpuPeriod: int({ forceNew, refused }),
  cpuQuota: int({ forceNew, refused }),
  cpuSetCpus: str({ forceNew, refused }),
  cpuSetMems: str({ forceNew, refused }),
  cpuShares: int({ forceNew, refused }),
  dockerfile: str({ default: "Dockerfile", forceNew }),
  extraHosts: list({ forceNew, refused }),
  forceRemove: bool({ forceNew, refused }),
  isolation: str({ forceNew, refused }),
  label: map({ refused }),
  labels: map({ forceNew }),
  memory: int({ forceNew, refused }),
  memorySwap: int({ forceNew, refused }),
  networkMode: str({ forceNew }),
  noCache: bool({ forceNew }),
  platform: str({ forceNew }),
  provenance: str({ forceNew, refused }),
  pullParent: bool({ forceNew, refused }),
  remoteContext: str({ forceNew, refused }),
  remove: bool({ default: true }),
  sbom: str({ forceNew, refused }),
  secrets: list({ refused, element: {} }),
  securityOpts: list({ forceNew, refused, raw: "security_opt" }),
  sessionId: str({ forceNew, refused }),
  shmSize: int({ forceNew, refused }),
  squash: bool({ forceNew, refused }),
  suppressOutput: bool({ forceNew, refused }),
  tags: list({ refused, raw: "tag" }),
  target: str({ forceNew }),
  ulimits: list({ refused, raw: "ulimit", element: {} }),
  useLegacyBuilder: bool({ default: false, forceNew, refused }),
  version: str({ forceNew, refused }),
};

/** Properties of an image that is built or pulled: as in docker 5.2.0. */
export const remoteImageFields: Fields = {
  build: single("set", buildFields),
  forceRemove: bool(),
  imageId: str({ computed: true, outputOnly }),
  keepLocally: bool(),
  name: str({ required: true, forceNew }),
  platform: str({ forceNew, refused }),
  pullTriggers: set({ forceNew }),
  repoDigest: str({ computed: true, outputOnly }),
  triggers: map({ forceNew }),
};
