package manifest

// What Read takes at most. Sizes are checked before a file is read, the number of documents before one is parsed, and
// what a document would cost before a parser builds it, so that refusing costs little.
const (
	MaxFileSize = 1 << 20  // bytes of one file; a Kubernetes object can hardly be larger (etcd refuses 1.5 MiB)
	MaxSize     = 10 << 20 // bytes of all files of an app, also once aliases are written out
	MaxFiles    = 10_000   // files with manifests
	MaxObjects  = 5_000    // objects of an app, and as many documents
	MaxRendered = 1_000    // objects of a kustomization: kustomize takes time that grows with their square, and cannot be interrupted
	MaxDepth    = 100      // maps and lists within each other
	MaxNodes    = 100_000  // keys and values in one YAML document, also once aliases are written out, or in one JSON file
	MaxAllNodes = 1_000_000
	MaxErrors   = 1_000   // problems that are kept; reading ends there
	MaxText     = 1 << 10 // bytes of an error's text
)
