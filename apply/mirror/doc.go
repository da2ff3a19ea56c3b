// Package mirror shows what the cluster has of the objects that carry the owner label, and says when that changes.
//
// A [Mirror] holds one watch a kind, which all apps share. The API server filters it by the label, and sends metadata
// alone: of a live object one knows the resource version, the owner, and which fields Lockstep owns. That is enough to
// see drift, since in server-side apply nobody can change an applied field, or remove it, without taking it from its
// owner's set: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management. What it does not show
// is the value that the field has now; who wants to say it reads the object. Jobs come whole, since how one has ended is in no
// metadata: see [Mirror.Ended].
//
// A kind is watched in the whole cluster where that is allowed, else in each namespace that is asked for. Of a kind that
// may not be watched at all nothing is known, and whoever asks is told so.
package mirror
