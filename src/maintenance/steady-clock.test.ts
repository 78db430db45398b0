import { beforeEach, describe, expect, it } from 'vitest'
import { steadyClock } from './steady-clock.ts'

const HOUR = 3_600_000
const NOON = 1_800_000_000_000

describe('steadyClock', () => {
  let machine: { wall: number; passed: number }
  let now: () => number

  beforeEach(() => {
    machine = { wall: NOON, passed: 17 }
    now = steadyClock({ wall: () => machine.wall, passed: () => machine.passed, hold: 24 * HOUR })
  })

  function pass(milliseconds: number): number {
    machine.wall += milliseconds
    machine.passed += milliseconds
    return now()
  }

  it('goes with the clock of the machine, small corrections included', () => {
    expect(pass(HOUR)).toBe(NOON + HOUR)
    machine.wall += 300
    expect(pass(1000)).toBe(NOON + HOUR + 1300)
    machine.wall -= 300
    expect(pass(1000)).toBe(NOON + HOUR + 2000)
  })

  it('goes on as before when the clock jumps forward, until what was noted before has lain as long', () => {
    pass(HOUR)
    machine.wall += 240 * HOUR
    expect(now()).toBe(NOON + HOUR)
    expect(pass(23 * HOUR)).toBe(NOON + 24 * HOUR)
    expect(pass(HOUR)).toBe(NOON + 265 * HOUR)
    expect(pass(HOUR)).toBe(NOON + 266 * HOUR)
  })

  it('waits again after a further jump', () => {
    machine.wall += 48 * HOUR
    now()
    pass(23 * HOUR)
    machine.wall += 48 * HOUR
    now()
    expect(pass(23 * HOUR)).toBe(NOON + 46 * HOUR)
    expect(pass(HOUR)).toBe(NOON + 143 * HOUR)
  })

  it('follows the clock backward at once, and then holds when it jumps forward again', () => {
    machine.wall -= HOUR
    expect(now()).toBe(NOON - HOUR)
    machine.wall += HOUR
    expect(now()).toBe(NOON - HOUR)
    expect(pass(24 * HOUR)).toBe(NOON + 24 * HOUR)
  })
})
