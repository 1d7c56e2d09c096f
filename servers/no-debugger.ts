// Imported before anything else: without a listener SIGUSR1 makes Node open its debugger on a port.
process.on("SIGUSR1", () => undefined);
