import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/**
 * A password that is made once and then stays, until the resource is replaced on purpose.
 * Letters and digits only: it passes through URLs, map files and SQL without quoting.
 *
 * @param length characters; 48 of 62 symbols are 285 bits.
 */
export function generatedPassword(
  name: string,
  opts: { readonly parent: pulumi.Resource; readonly length?: number },
): pulumi.Output<string> {
  const password = new random.RandomPassword(
    name,
    { length: opts.length ?? 48, special: false },
    { parent: opts.parent, additionalSecretOutputs: ["result"] },
  );
  // Mocks ignore additionalSecretOutputs: the explicit wrap is what a unit test can see.
  return pulumi.secret(password.result);
}
