import Foundation
import Logging
enum ServiceLog { static func logger(level: Configuration.LogLevel) -> Logger { Logger(label: "rima") } }
final class ServiceNotifier: Sendable {
  init(environment: [String: String]) {}
  func status(_ s: String) {}
  func ready() {}
  func reloading() {}
  func stopping() {}
  func startWatchdog() {}
}
final class ServiceSignals { enum S { case terminate, reload }; init(_ f: @escaping @Sendable (S) -> Void) {}; func cancel() {} }
