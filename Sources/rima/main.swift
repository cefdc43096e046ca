import Daemon

await Rima.launch()
