import { runCommand } from './run.ts'

// What main.ts loads, from here or as built into one piece: the whole program with all that it imports.
process.exitCode = await runCommand(process.argv.slice(2))
