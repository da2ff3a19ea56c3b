package health

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Watched is what a verdict gets to see of an object that is watched as its Go type.
func Watched(o any) (*unstructured.Unstructured, error) {
	o, err := strip(o)
	return shown(o), err
}
