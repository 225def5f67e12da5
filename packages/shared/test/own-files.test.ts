import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ownFile } from '../src/own-files.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gp-own-'));
  mkdirSync(join(folder, 'dist/chunks'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

it('finds a file beside the code, or in a folder above it', () => {
  const file = join(folder, 'plain.yml');
  writeFileSync(file, '');
  expect(ownFile(['plain.yml'], folder)).toBe(file);
  expect(ownFile(['plain.yml'], join(folder, 'dist/chunks'))).toBe(file);
});

it('takes the nearest of several places', () => {
  writeFileSync(join(folder, 'dist/cli.js'), '');
  writeFileSync(join(folder, 'cli.js'), '');
  expect(ownFile(['cli.js', 'dist/cli.js'], join(folder, 'dist/chunks'))).toBe(join(folder, 'dist/cli.js'));
});

it('gives undefined for a file that is nowhere', () => {
  expect(ownFile([`${'x'.repeat(20)}.yml`], folder)).toBeUndefined();
});

it('finds what comes with the product from where it is itself', () => {
  expect(ownFile(['ansible/plain.yml'])).toBe(join(process.cwd(), 'ansible/plain.yml'));
});
