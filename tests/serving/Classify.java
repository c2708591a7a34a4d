import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;
import org.tensorflow.Result;
import org.tensorflow.SavedModelBundle;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TString;

/** Loads the model in a folder, classifies the texts of its input, one a line, and prints label and probabilities. */
class Classify {
    public static void main(String[] arguments) throws Exception {
        var input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        var texts = input.lines().collect(Collectors.toList());
        try (var model = SavedModelBundle.load(arguments[0], "serve");
                var batch = TString.tensorOf(NdArrays.vectorOfObjects(texts.toArray(new String[0])));
                Result answer = model.function("serving_default").call(Map.of("text", batch))) {
            var labels = (TString) answer.get("label").orElseThrow();
            var probabilities = (TFloat32) answer.get("probabilities").orElseThrow();
            for (long text = 0; text < texts.size(); text++) {
                var line = new StringBuilder(labels.getObject(text));
                for (long label = 0; label < probabilities.shape().get(1); label++) {
                    line.append('\t').append(probabilities.getFloat(text, label));
                }
                System.out.println(line);
            }
        }
    }
}
