import Docker from "dockerode";

/** Removes volumes for good; one that is gone already is fine. */
export async function removeVolumes(names: readonly string[]): Promise<void> {
  const docker = new Docker();
  for (const name of names) {
    await docker
      .getVolume(name)
      .remove()
      .catch((error: { statusCode?: number; message: string }) => {
        if (error.statusCode !== 404) throw new Error(`volume ${name}: ${error.message}`);
      });
  }
}
