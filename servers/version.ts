/** Version of the reference server; equals `version` in package.json (a test holds them together). */
export const SERVER_VERSION = "0.1.0";

/** Version of the official MCP server SDK compiled into the bundle; equals the pin in package.json. */
export const SDK_VERSION = "2.4.0";
