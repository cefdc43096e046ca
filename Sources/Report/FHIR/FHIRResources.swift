// The few parts of FHIR R4 that a report needs, with FHIR's own names. https://hl7.org/fhir/R4/
import Foundation

/// Elements and resources, as they are written.
enum FHIR {
    struct Coding: Encodable, Sendable {
        var system: String
        var code: String
        var display: String?
    }

    struct Concept: Encodable, Sendable {
        var coding: [Coding]?
        var text: String?
    }

    struct Quantity: Encodable, Sendable {
        var value: Decimal
        var unit: String?
        var system: String?
        var code: String?
    }

    struct Identifier: Encodable, Sendable {
        var system: String?
        var value: String
    }

    struct Reference: Encodable, Sendable {
        var reference: String?
        var type: String?
        var identifier: Identifier?
        var display: String?
    }

    struct SampledData: Encodable, Sendable {
        var origin: Quantity
        /// Milliseconds between samples.
        var period: Decimal
        var dimensions: Int
        /// Decimal numbers; "E" where nothing was measured.
        var data: String
    }

    struct Annotation: Encodable, Sendable {
        var text: String
    }

    struct Component: Encodable, Sendable {
        var code: Concept
        var valueQuantity: Quantity?
        var valueString: String?
        var valueInteger: Int?
        var dataAbsentReason: Concept?
    }

    struct Observation: Encodable, Sendable {
        let resourceType = "Observation"
        var id: String
        var status = "preliminary"
        var category: [Concept]
        var code: Concept
        var subject: Reference?
        var effectiveDateTime: String?
        var valueQuantity: Quantity?
        var valueSampledData: SampledData?
        var dataAbsentReason: Concept?
        var method: Concept?
        var device: Reference?
        var component: [Component]?
        var note: [Annotation]?
    }

    struct DiagnosticReport: Encodable, Sendable {
        let resourceType = "DiagnosticReport"
        var id: String
        var identifier: [Identifier]
        var status = "preliminary"
        var category: [Concept]
        var code: Concept
        var subject: Reference?
        var effectiveDateTime: String?
        var result: [Reference]
        var conclusion: String
    }

    struct Device: Encodable, Sendable {
        struct Name: Encodable, Sendable {
            var name: String
            var type: String
        }
        struct Version: Encodable, Sendable {
            var type: Concept?
            var value: String
        }

        let resourceType = "Device"
        var id: String
        var deviceName: [Name]
        var version: [Version]
        var note: [Annotation]
    }

    enum Resource: Encodable, Sendable {
        case report(DiagnosticReport)
        case observation(Observation)
        case device(Device)

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .report(let resource): try resource.encode(to: encoder)
            case .observation(let resource): try resource.encode(to: encoder)
            case .device(let resource): try resource.encode(to: encoder)
            }
        }
    }

    struct Entry: Encodable, Sendable {
        var fullUrl: String
        var resource: Resource
    }

    struct Bundle: Encodable, Sendable {
        let resourceType = "Bundle"
        let type = "collection"
        var entry: [Entry]
    }
}
