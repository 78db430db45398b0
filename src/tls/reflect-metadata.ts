/**
 * The part of the Reflect metadata proposal that @peculiar/x509 asks for at its import (through tsyringe): notes on
 * classes, kept beside them. Imported before it, and only by `lamina tls init`.
 */
type Notes = Map<unknown, unknown>

const notes = new WeakMap<object, Notes>()

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const known = notes.get(target) ?? new Map<unknown, unknown>()
  notes.set(target, known.set(key, value))
}

function getOwnMetadata(key: unknown, target: object): unknown {
  return notes.get(target)?.get(key)
}

function getMetadata(key: unknown, target: object): unknown {
  if (notes.get(target)?.has(key) === true) return getOwnMetadata(key, target)
  const parent: unknown = Object.getPrototypeOf(target)
  return typeof parent === 'function' || (typeof parent === 'object' && parent !== null)
    ? getMetadata(key, parent)
    : undefined
}

/** The decorator that compilers write for the types of constructors. */
function metadata(key: unknown, value: unknown) {
  return (target: object): void => defineMetadata(key, value, target)
}

if (!('getMetadata' in Reflect))
  Object.assign(Reflect, { defineMetadata, getOwnMetadata, getMetadata, metadata })
