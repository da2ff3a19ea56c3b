package object

// How an object says that it is Lockstep's, and whose.
const (
	// Prefix begins every label and annotation of Lockstep's.
	Prefix = "lockstep.dev/"
	// OwnerLabel is on every object that Lockstep applies; its value is the name of the app that owns the object.
	OwnerLabel = Prefix + "app"
	// FieldManager is the name under which every field that Lockstep applies is owned.
	FieldManager = "lockstep"
)
