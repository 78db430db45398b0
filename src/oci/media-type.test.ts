import { describe, expect, it } from 'vitest'
import {
  bareMediaType,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  isNonDistributable,
  manifestKind,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-type.ts'

describe('manifestKind', () => {
  it.each([
    [OCI_MANIFEST, 'image'],
    [DOCKER_MANIFEST, 'image'],
    [OCI_INDEX, 'index'],
    [DOCKER_LIST, 'index'],
    ['application/json', undefined],
    ['', undefined],
    ['toString', undefined],
    [`${OCI_MANIFEST}; charset=utf-8`, undefined],
  ])('%s', (type, kind) => expect(manifestKind(type)).toBe(kind))
})

describe('bareMediaType', () => {
  it.each([
    [undefined, ''],
    ['', ''],
    ['Application/JSON; charset=utf-8', 'application/json'],
    [` ${OCI_INDEX} ;x=y;z`, OCI_INDEX],
    [';x', ''],
  ])('%j', (header, bare) => expect(bareMediaType(header)).toBe(bare))
})

describe('isNonDistributable', () => {
  it.each([
    ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', true],
    ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', true],
    ['application/vnd.oci.image.layer.v1.tar+gzip', false],
    ['application/vnd.docker.image.rootfs.diff.tar.gzip', false],
  ])('%s', (type, foreign) => expect(isNonDistributable(type)).toBe(foreign))
})
