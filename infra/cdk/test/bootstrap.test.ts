import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Architecture } from 'aws-cdk-lib/aws-lambda';
import { afterEach, expect, test } from 'vitest';
import { builtBootstrap } from '../lib/bootstrap';

const made: string[] = [];
afterEach(() => made.splice(0).forEach((directory) => rmSync(directory, { recursive: true })));

/** A repository with a `bootstrap` of these bytes: the directory of the file, and that of the code of a package inside the repository. */
function repository(bootstrap?: Buffer) {
  const root = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  made.push(root);
  const built = join(root, 'target', 'lambda', 'bootstrap');
  const inside = join(root, 'infra', 'cdk', 'dist', 'lib');
  [built, inside].forEach((directory) => mkdirSync(directory, { recursive: true }));
  writeFileSync(join(root, 'infra', 'cdk', 'package.json'), '{}');
  if (bootstrap) writeFileSync(join(built, 'bootstrap'), bootstrap);
  return { built, inside };
}

function elf(machine: number): Buffer {
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 'latin1');
  header.writeUInt16LE(machine, 18);
  return header;
}

test.each([
  [Architecture.X86_64, 0x3e],
  [Architecture.ARM_64, 0xb7],
])('what was built for %s is found', (architecture, machine) => {
  const { built, inside } = repository(elf(machine));
  expect(builtBootstrap(architecture, inside)).toBe(built);
});

test.each([Architecture.X86_64, Architecture.ARM_64])('a package with code for $name uses it, compiled or not', (architecture) => {
  const { inside } = repository(elf(0x3e));
  const assets = join(inside, '..', '..', 'assets');
  mkdirSync(assets);
  const packed = join(assets, `bootstrap-${architecture.name}.zip`);
  writeFileSync(packed, 'zip');
  expect(builtBootstrap(architecture, inside)).toBe(packed);
  expect(builtBootstrap(architecture, join(inside, '..', '..', 'lib'))).toBe(packed);
});

test('code of another package around this one is not used', () => {
  const { built, inside } = repository(elf(0x3e));
  const assets = join(inside, '..', '..', '..', 'assets');
  mkdirSync(assets);
  writeFileSync(join(assets, 'bootstrap-x86_64.zip'), 'zip');
  expect(builtBootstrap(Architecture.X86_64, inside)).toBe(built);
});

test.each([
  ['another architecture', elf(0xb7)],
  ['no executable', Buffer.from('#!/bin/sh\necho no executable of ours\n')],
  ['a torso', Buffer.from('\x7fELF', 'latin1')],
])('%s is refused', (_, bytes) => {
  const { inside } = repository(bytes);
  expect(() => builtBootstrap(Architecture.X86_64, inside)).toThrow('holds no executable for x86_64');
});

test('if nothing was built, it says what to do', () => {
  const { inside } = repository();
  expect(() => builtBootstrap(Architecture.ARM_64, inside)).toThrow('`cargo lambda build --release --arm64`');
});
