// Made by scripts/embed-page from Sources/Daemon/Web/Page/icon.svg: change that file, not this one.

// swift-format-ignore-file

extension PageAssets {
static let iconSvg = ##"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#12324f"/><path
d="M16 5 25 24H7Z" fill="none" stroke="#6fd3ff" stroke-width="2.6" stroke-linejoin="round"/></svg>

"""##
}
