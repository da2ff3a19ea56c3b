package apply

import (
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestAProxysPageIsNotQuoted(t *testing.T) {
	for page, want := range map[string]string{
		"<html><head><title>502 Bad Gateway</title></head>\n<body>x</body></html>": "it is a proxy's page: 502 Bad Gateway",
		"<!DOCTYPE html>\n<p>Please log in</p>":                                    "it is a proxy's page",
	} {
		err := apierrors.NewGenericServerResponse(502, "patch", schema.GroupResource{Resource: "configmaps"}, "settings", page, 0, true)
		want = "an error on the server (" + want + ") has prevented the request from succeeding (patch configmaps settings)"
		if got := inPlainWords(err).Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
