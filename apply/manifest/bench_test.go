package manifest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

// BenchmarkKustomization renders an overlay of a base, and one of as many objects as there may be.
func BenchmarkKustomization(b *testing.B) {
	large := func(n int) fstest.MapFS {
		var text strings.Builder
		for i := range n {
			text.WriteString("---\n" + strings.ReplaceAll(podDeployment, "name: web", fmt.Sprintf("name: web-%d", i)))
		}
		return folder("kustomization.yaml", "resources: [a.yaml]\nnamespace: shop\nnamePrefix: x-\nlabels: [{pairs: {a: b}}]\n", "a.yaml", text.String())
	}
	for name, files := range map[string]fstest.MapFS{
		"overlay": {}, "50": large(50), "200": large(200),
	} {
		at := "."
		if name == "overlay" {
			files, at = shop(), "apps/web"
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := manifest.Load(b.Context(), files, at, manifest.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
