import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Architecture } from 'aws-cdk-lib/aws-lambda';

/**
 * The function's code: the zip file that the published package has for this architecture; in the repository, which
 * has none, the directory into which cargo-lambda built the function.
 *
 * It throws if there is none, or if it was built for another architecture: otherwise Lambda would fail at
 * every event, in production.
 */
export function builtBootstrap(architecture: Architecture, from = __dirname): string {
  // In the package's own root, above lib or dist/lib. A zip file further up would be somebody else's.
  const root = ancestors(from).find((ancestor) => existsSync(join(ancestor, 'package.json'))) ?? from;
  const packed = join(root, 'assets', `bootstrap-${architecture.name}.zip`);
  if (existsSync(packed)) return packed;
  const arm = architecture.name === Architecture.ARM_64.name;
  const command = `cargo lambda build --release${arm ? ' --arm64' : ''}`;
  const directory = ancestors(from)
    .map((ancestor) => join(ancestor, 'target', 'lambda', 'bootstrap'))
    .find((candidate) => existsSync(join(candidate, 'bootstrap')));
  if (!directory) {
    throw new Error(`the function is not built: run \`${command}\` in the repository, or set \`code\``);
  }
  const built = machine(join(directory, 'bootstrap'));
  if (built !== (arm ? 0xb7 : 0x3e)) {
    throw new Error(`${directory} holds no executable for ${architecture.name}: run \`${command}\`, or set \`architecture\``);
  }
  return directory;
}

function ancestors(directory: string): string[] {
  const parent = dirname(directory);
  return parent === directory ? [directory] : [directory, ...ancestors(parent)];
}

/** `e_machine` of a little-endian ELF file; https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
function machine(file: string): number | undefined {
  const header = Buffer.alloc(20);
  const descriptor = openSync(file, 'r');
  try {
    const read = readSync(descriptor, header, 0, header.length, 0);
    return read === header.length && header.toString('latin1', 0, 4) === '\x7fELF' ? header.readUInt16LE(18) : undefined;
  } finally {
    closeSync(descriptor);
  }
}
