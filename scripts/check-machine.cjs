// Runs before npm installs, on whatever Node the machine has: says in one sentence where Lamina can't work.
const bundled = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']
const machine = `${process.platform}-${process.arch}`
const major = Number(process.versions.node.split('.')[0])
if (!bundled.includes(machine) && major < 24) {
  console.error(
    `Lamina needs Node 24 or newer. npm brings it for ${bundled.join(', ')}; this machine is ${machine} with Node ${process.versions.node}: install Node 24 yourself, then run npm ci again.`,
  )
  process.exit(1)
}
