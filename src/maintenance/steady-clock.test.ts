import { beforeEach, describe, expect, it } from 'vitest'
import { type ClockNote, SteadyClock } from './steady-clock.ts'

const HOUR = 3_600_000
const NOON = 1_800_000_000_000

describe('SteadyClock', () => {
  let machine: { wall: number; passed: number }
  let clock: SteadyClock

  beforeEach(() => {
    machine = { wall: NOON, passed: 17 }
    clock = startedOn(undefined)
  })

  function startedOn(noted: ClockNote | undefined): SteadyClock {
    return new SteadyClock({ wall: () => machine.wall, passed: () => machine.passed, hold: 24 * HOUR }, noted)
  }

  /** The machine is off, or the server is, while its clock moves on. */
  function startAfter(milliseconds: number): void {
    const noted = clock.note
    machine = { wall: machine.wall + milliseconds, passed: 3 }
    clock = startedOn(noted)
  }

  function pass(milliseconds: number): number {
    machine.wall += milliseconds
    machine.passed += milliseconds
    return clock.now()
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
    expect(clock.now()).toBe(NOON + HOUR)
    expect(pass(23 * HOUR)).toBe(NOON + 24 * HOUR)
    expect(pass(HOUR)).toBe(NOON + 265 * HOUR)
    expect(pass(HOUR)).toBe(NOON + 266 * HOUR)
  })

  it('waits again after a further jump', () => {
    machine.wall += 48 * HOUR
    clock.now()
    pass(23 * HOUR)
    machine.wall += 48 * HOUR
    clock.now()
    expect(pass(23 * HOUR)).toBe(NOON + 46 * HOUR)
    expect(pass(HOUR)).toBe(NOON + 143 * HOUR)
  })

  it('follows the clock backward at once, and then holds when it jumps forward again', () => {
    machine.wall -= HOUR
    expect(clock.now()).toBe(NOON - HOUR)
    machine.wall += HOUR
    expect(clock.now()).toBe(NOON - HOUR)
    expect(pass(24 * HOUR)).toBe(NOON + 24 * HOUR)
  })
  describe('after a restart', () => {
    it('believes a day', () => {
      pass(HOUR)
      startAfter(24 * HOUR)
      expect(clock.now()).toBe(NOON + 25 * HOUR)
    })

    it('goes on as before when the machine is further ahead, until what was noted before has lain as long', () => {
      startAfter(400 * 24 * HOUR)
      expect(clock.now()).toBe(NOON)
      expect(pass(23 * HOUR)).toBe(NOON + 23 * HOUR)
      expect(pass(HOUR)).toBe(NOON + 401 * 24 * HOUR)
    })

    it('waits no longer because of restarts in between', () => {
      startAfter(64 * HOUR)
      pass(8 * HOUR)
      startAfter(15 * HOUR)
      expect(clock.now()).toBe(NOON + 23 * HOUR)
      expect(pass(HOUR)).toBe(NOON + 88 * HOUR)
    })

    it('follows a clock that was ahead, and is set right, at once', () => {
      startAfter(400 * 24 * HOUR)
      pass(HOUR)
      startAfter(-400 * 24 * HOUR)
      expect(clock.now()).toBe(NOON + HOUR)
      pass(24 * HOUR)
      startAfter(-10 * HOUR)
      expect(clock.now()).toBe(NOON + 15 * HOUR)
      expect(pass(HOUR)).toBe(NOON + 16 * HOUR)
    })

    it('still holds before a clock that was set right for a part', () => {
      startAfter(400 * 24 * HOUR)
      pass(20 * HOUR)
      startAfter(-200 * 24 * HOUR)
      expect(pass(20 * HOUR)).toBe(NOON + 40 * HOUR)
      expect(pass(4 * HOUR)).toBe(NOON + (200 * 24 + 44) * HOUR)
    })
  })
})
