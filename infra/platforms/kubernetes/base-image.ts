/** Base of the images that are built for a cluster: nobody's own, for nodes pull what it became. */
export const officialBaseImage = "debian:trixie-slim";
