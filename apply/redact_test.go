package apply

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// FuzzRedact puts a value wherever a refusal may have it.
func FuzzRedact(f *testing.F) {
	for _, value := range []string{"correct-horse", "pin", "a", "with \"quotes\"", "two\nlines", "$1", "\\b", "é", " padded "} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, canary string) {
		if len(canary) < short || len(strings.TrimSpace(canary)) < short || strings.Contains(stars, canary) {
			t.Skip("too short to be told from the text around it")
		}
		secret := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Secret", "stringData": map[string]any{"password": canary},
		}}
		coded := base64.StdEncoding.EncodeToString([]byte(canary))
		refusal := apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "token", errorText("«"+canary+"» and «"+coded+"»"))
		told := withoutSecrets(refusal, &Change{Desired: secret})
		inside := told.Error()[strings.Index(told.Error(), "«"):]
		if want := "«" + stars + "» and «" + stars + "»"; inside != want {
			t.Errorf("told %q", inside)
		}
		if !apierrors.IsForbidden(told) {
			t.Errorf("the error lost its reason: %v", told)
		}
	})
}

type errorText string

func (e errorText) Error() string { return string(e) }

func TestAShortSecretIsHiddenWhereItStandsAlone(t *testing.T) {
	secret := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "data": map[string]any{"pin": base64.StdEncoding.EncodeToString([]byte("42"))},
	}}
	refusal := apierrors.NewBadRequest("pin 42 of 1420 refused")
	if told := withoutSecrets(refusal, &Change{Desired: secret}).Error(); told != "pin *** of 1420 refused" {
		t.Errorf("told %q", told)
	}
}

func TestAnErrorOfAnotherKindIsAsItWas(t *testing.T) {
	settings := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"key": "refused"},
	}}
	refusal := apierrors.NewBadRequest("refused")
	if told := withoutSecrets(refusal, &Change{Desired: settings}); !errors.Is(told, refusal) || told.Error() != refusal.Error() {
		t.Errorf("told %q", told)
	}
}
