// Package examples holds the manifests that the README and the demo use, so that the binary carries them and a test can
// read them all.
package examples

import "embed"

// Files are the examples, each in a folder of its own.
//
//go:embed all:web
var Files embed.FS
